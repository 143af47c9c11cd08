# SPDX-License-Identifier: Apache-2.0
"""A toy architecture, operation and block type are added to a copy of the sources, in as few files as the recipes say.

The copy is compiled, and a model of all three runs on both devices. The toys are in fixtures/outside/.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from taleproof.memory.kernels import KERNELS
from taleproof.models import ARCHITECTURES


ROOT = KERNELS.parents[1]
TOYS = ROOT / "tests" / "fixtures" / "outside"

COPIED = ("py/taleproof", "kernels", "scripts/build_kernels.py", "scripts/kernel_tables.py")

ARCHITECTURE = {"py/taleproof/models/toy.py": "toy.py.txt"}
BLOCK_TYPE = {"py/taleproof/quant/simple/q4_seven.py": "q4_seven.py.txt"}
KERNEL = {"kernels/types/simple/q4_seven.c": "q4_seven.c"}
OPERATION = {"kernels/ops/square.c": "square.c"}
METHODS = {
    "py/taleproof/graph/ops.py": '''
    def square(self, x: A) -> A:
        """Return x * x."""
        ...
''',
    "py/taleproof/graph/numpy.py": '''
    def square(self, x: Array) -> Array:
        """Multiply with itself."""
        y: Array = x * x
        return y
''',
    "py/taleproof/graph/trace.py": '''
    def square(self, x: Value) -> Value:
        """Multiply with itself."""
        y = _floats(x.rows, x.columns)
        self._emit(Op.SQUARE, x.rows, y, x, x.columns)
        return y
''',
}
"""The operation's other three files: a method of each class, before that of ``add``."""

MADE = {"kernels/ops.def", "kernels/types.def", "py/taleproof/graph/opcodes.py"}
"""What scripts/kernel_tables.py writes."""


def contents(root: Path) -> dict[str, bytes]:
    """Return all sources by their path."""
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    assert set(before) <= set(after)
    return {name for name, data in after.items() if before.get(name) != data}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the sources with the toys in it."""
    root = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "releases.json"))
        else:
            shutil.copy(source, target)
    before = contents(root)
    for place, toy in {**ARCHITECTURE, **BLOCK_TYPE, **KERNEL, **OPERATION}.items():
        shutil.copy(TOYS / toy, root / place)
    for place, method in METHODS.items():
        text = (root / place).read_text("utf-8")
        assert text.count("\n    def add(self, ") == 1
        (root / place).write_text(text.replace("\n    def add(self, ", method + "\n    def add(self, "), "utf-8")
    by_hand = {*ARCHITECTURE, *BLOCK_TYPE, *KERNEL, *OPERATION, *METHODS}
    assert changed(before, contents(root)) == by_hand
    run(root, root / "scripts" / "kernel_tables.py")
    assert changed(before, contents(root)) == by_hand | MADE
    return root


def run(root: Path, script: Path) -> str:
    """Run a script on the copy's own package; return what it prints."""
    environment = os.environ | {"PYTHONPATH": str(root / "py"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, script, root], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_model_of_the_toys_runs_on_both_devices(copy: Path) -> None:
    told = json.loads(run(copy, TOYS / "check.py"))
    plain, fast = (np.array(told[device]) for device in ("numpy", "wasm"))
    assert plain.shape == (5, 40)
    assert plain.std() > 0.3
    # The kernels quantise activations; the bounds are those of quantised types in test_engine.py.
    assert np.sqrt(np.square(fast - plain).mean()) < 0.025 * plain.std()
    assert np.abs(fast - plain).max() < 0.15 * plain.std()
    assert np.array_equal(told["safetensors"], plain)
    assert told["refused"] == "toy.a_new_key"


def test_the_tables_have_the_toys(copy: Path) -> None:
    assert "\nOP_FILE(100, SQUARE, square)\n" in (copy / "kernels" / "ops.def").read_text("utf-8")
    assert "\nTYPE(60, q4_seven, 32)\n" in (copy / "kernels" / "types.def").read_text("utf-8")
    assert "\n    SQUARE = 100\n" in (copy / "py/taleproof/graph/opcodes.py").read_text("utf-8")


def test_each_toy_is_as_few_files_as_the_recipes_say() -> None:
    """An architecture has its fixture and its row in README beside its file; a block type its kernel."""
    assert (len(ARCHITECTURE) + 2, len(OPERATION) + len(METHODS), len(BLOCK_TYPE), len(KERNEL)) == (3, 4, 1, 1)
    recipes = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    said = ("py/taleproof/models/NAME.py", "py/taleproof/quant/KIND/NAME.py", "kernels/types/FAMILY/NAME.c")
    for name in (*said, "kernels/ops/NAME.c", *METHODS):
        assert name in recipes, name


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_readme_has_a_row_for_each_architecture(name: str) -> None:
    rows = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    assert sum(f"`{name}`" in row for row in rows) == 1
