# SPDX-License-Identifier: Apache-2.0
"""scripts/docs.py: which names lack a docstring, and what becomes of the lists in one."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pdoc.doc
import pytest


SCRIPT = Path(__file__).parents[2] / "scripts" / "docs.py"

SOURCE = '''
"""A module."""

class Told:
    """A class.

    Attributes
    ----------
    a, b : two.
    """

    a: int
    b: int
    c: int
    d: int
    """Its own."""
    _e: int

    def f(self) -> None:
        pass

    def g(self) -> None:
        """It does."""

def h() -> None:
    pass

Either = int | str
'''


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = spec_from_file_location("docs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_names_without_a_docstring(docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "documented_module.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    __import__("documented_module")
    found = docs.undocumented(pdoc.doc.Module(sys.modules["documented_module"]))
    assert [name.partition(".")[2] for name in found] == ["Told.c", "Told.f", "h"]


def test_lists_become_markdown(docs: ModuleType) -> None:
    docstring = "It does.\n\nRaises\n------\nAError, BError : of two\n    kinds.\nCError\n\nThe end."
    assert docs.markdown(docstring) == (
        "It does.\n\n**Raises**\n\n- `AError, BError`: of two\n    kinds.\n- `CError`\n\nThe end."
    )
