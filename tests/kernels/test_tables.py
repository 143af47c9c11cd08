# SPDX-License-Identifier: Apache-2.0
"""The tables that C and Python share are what their sources say (scripts/kernel_tables.py)."""

import importlib.util
from types import ModuleType

import pytest

from taleproof.memory.kernels import KERNELS


ROOT = KERNELS.parents[1]


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kernel_tables", ROOT / "scripts" / "kernel_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_what_their_sources_say() -> None:
    """Where they are not, `npm run kernels:pin` makes them."""
    for path, text in script().tables(ROOT).items():
        assert path.read_text("utf-8") == text, path.name


def test_two_operations_of_one_number_or_name_are_refused() -> None:
    for second in ("OP_TOO(1, ADD)", "OP(2, EMBEDDING, run())"):
        with pytest.raises(ValueError, match="the same"):
            script().opcodes(f"OP(1, EMBEDDING, run())\n{second}\n")
