# SPDX-License-Identifier: Apache-2.0
"""scripts/protocol.py: what becomes of Python's types, and that files which differ from them are told."""

import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "protocol.py"
FOLDER = "py/taleproof/apps/worker/protocol"
MADE = ("web/engine/protocol.gen.ts", "tests/protocol.gen.ts")

SOURCE = '''
from typing import Literal, NotRequired, TypeAlias, TypedDict

Kind: TypeAlias = Literal["a", "b-c"]
"""What it is."""


class Small(TypedDict):
    kind: Kind
    """One line."""
    sizes: list[int | None]


class Large(Small):
    """A larger one.

    Of two lines.
    """

    name: NotRequired[str | None]
    facts: dict[str, JsonValue]
    file: BrowserFile
    ratio: float


Either: TypeAlias = Small | Large
'''

TYPES = """
/** What it is. */
export type Kind = "a" | "b-c";

export interface Small {
  /** One line. */
  kind: Kind;
  sizes: (number | null)[];
}

/**
 * A larger one.
 *
 * Of two lines.
 */
export interface Large extends Small {
  name?: string | null;
  facts: { [key: string]: Json };
  file: File;
  ratio: number;
}

export type Either = Small | Large;
"""

SCHEMAS = """
const Kind = v.picklist(["a", "b-c"]);

const Small = v.strictObject({
  kind: Kind,
  sizes: v.array(v.union([v.pipe(v.number(), v.safeInteger()), v.null()])),
});

const Large = v.strictObject({
  ...Small.entries,
  name: v.exactOptional(v.union([v.string(), v.null()])),
  facts: v.record(v.string(), Json),
  file: v.strictObject({}),
  ratio: v.pipe(v.number(), v.finite()),
});

const Either = v.union([Small, Large]);

export const schemas = {
  Kind,
  Small,
  Large,
  Either,
};
"""


def git(tree: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=tree, check=True, capture_output=True)


def run(tree: Path, *options: str) -> str:
    """Return what is said of the tree's own copy of the script; empty where all is well."""
    done = subprocess.run(
        [sys.executable, tree / "scripts/protocol.py", *options], capture_output=True, check=False, text=True
    )
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one module of types, which git has with what is made of it."""
    for folder in ("scripts", FOLDER, "web/engine", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "scripts/protocol.py").write_bytes(SCRIPT.read_bytes())
    for name in ("files", "models", "stories", "calls"):
        (tmp_path / FOLDER / f"{name}.py").touch()
    (tmp_path / FOLDER / "files.py").write_text(SOURCE)
    assert run(tmp_path) == ""
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    return tmp_path


def test_types_and_schemas_of_every_kind(tree: Path) -> None:
    types, schemas = ((tree / path).read_text() for path in MADE)
    assert types.endswith(f"{{ [key: string]: Json }};\n{TYPES}")
    assert schemas.endswith(f");\n{SCHEMAS}")


def test_a_type_that_changed_without_what_is_made_of_it(tree: Path) -> None:
    assert run(tree, "--check") == ""
    path = tree / FOLDER / "files.py"
    path.write_text(path.read_text().replace("ratio: float", "ratio: str"))
    assert [line.split()[0] for line in run(tree, "--check").splitlines()] == [*MADE]
    assert run(tree) == ""
    assert run(tree, "--check") != ""  # made anew, and not added yet
    git(tree, "add", ".")
    assert run(tree, "--check") == ""


@pytest.mark.parametrize("type_", ["set[str]", "dict[int, str]", "tuple[int, ...]", "'Small'", "1"])
def test_a_type_without_a_counterpart_is_refused(type_: str, tree: Path) -> None:
    path = tree / FOLDER / "files.py"
    path.write_text(path.read_text().replace("ratio: float", f"ratio: {type_}"))
    assert "NotImplementedError" in run(tree)


def test_whatever_is_no_type_is_refused(tree: Path) -> None:
    (tree / FOLDER / "calls.py").write_text("def f(): pass\n")
    assert "NotImplementedError: def f():" in run(tree)
