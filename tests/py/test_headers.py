# SPDX-License-Identifier: Apache-2.0
"""A copy of scripts/headers.py, which looks at the repository that it lies in."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


SCRIPT = Path(__file__).parents[2] / "scripts" / "headers.py"
SPDX = "SPDX-License-Identifier: Apache-2.0"

WITHOUT = {
    "a.py": ('"""A module."""\n', f'# {SPDX}\n"""A module."""\n'),
    "run.mjs": ("#!/usr/bin/env node\nrun();\n", f"#!/usr/bin/env node\n// {SPDX}\nrun();\n"),
    "b.ts": ("", f"// {SPDX}\n"),
    "c.h": ("/* A header. */\n", f"/* {SPDX} */\n/* A header. */\n"),
    "D.svelte": ("<script></script>\n", f"<!-- {SPDX} -->\n<script></script>\n"),
    "e.rs": ("//! A crate.\n", f"// {SPDX}\n//! A crate.\n"),
}
LEFT = {"right.py": f"# {SPDX}\nx = 1\n", "made.gen.ts": "x;\n", "data.json": "{}\n", "ignored.py": "x = 1\n"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    for name, text in [*((name, before) for name, (before, _) in WITHOUT.items()), *LEFT.items()]:
        (tmp_path / name).write_text(text)
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts" / "headers.py")
    subprocess.run(["git", "add", "a.py"], cwd=tmp_path, check=True)  # the others are new
    return tmp_path


def run(repository: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, repository / "scripts" / "headers.py", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_files_without_the_line_are_named(repository: Path) -> None:
    done = run(repository)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f'Without "{SPDX}" at the top:', *sorted(WITHOUT)]
    assert all((repository / name).read_text() == before for name, (before, _) in WITHOUT.items())


def test_fix_writes_the_line_once(repository: Path) -> None:
    for _ in range(2):
        assert run(repository, "--fix").returncode == 0
        assert {name: (repository / name).read_text() for name in WITHOUT} == {
            k: after for k, (_, after) in WITHOUT.items()
        }
        assert {name: (repository / name).read_text() for name in LEFT} == LEFT
    assert run(repository).returncode == 0
