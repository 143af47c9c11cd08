# SPDX-License-Identifier: Apache-2.0
"""The Python library's documentation, made of its docstrings.

``docs.py FOLDER``: in comes what ``taleproof`` offers by name, out goes a page, index.html. Refused, with exit code 1:
a public name, or a public member of one, that has no docstring, and whatever pdoc warns of.
"""

import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any

import pdoc.doc
import pdoc.render

import taleproof


def undocumented(namespace: pdoc.doc.Module | pdoc.doc.Class) -> Iterator[str]:
    """Yield the full names that have no docstring, and that their class's does not list as `name :` either."""
    for member in namespace.own_members:
        if member.name.startswith("_"):
            continue
        if isinstance(member, pdoc.doc.Variable) and isinstance(member.default_value, UnionType):
            continue  # its members are documented, and pdoc shows which they are
        listed = re.search(rf"(?m)^ *(\w+, )*{member.name}(, \w+)* : ", namespace.docstring)
        if not (member.docstring.strip() or listed):
            yield member.fullname
        if isinstance(member, pdoc.doc.Class):
            yield from undocumented(member)


def documented(namespace: pdoc.doc.Module | pdoc.doc.Class) -> Iterator[pdoc.doc.Doc[Any]]:
    """Yield a module or class and all that is in it."""
    yield namespace
    for member in namespace.members.values():
        if isinstance(member, pdoc.doc.Class):
            yield from documented(member)
        else:
            yield member


def markdown(docstring: str) -> str:
    """Return a docstring with the lists of its sections, of lines as ``name : text``, in Markdown."""
    lines: list[str] = []
    listing = False
    for line in docstring.splitlines():
        if lines and re.fullmatch("-{3,}", line):
            lines[-1:] = [f"**{lines[-1]}**", ""]
            listing = True
        elif listing and line and not line.startswith(" "):
            names, colon, text = line.partition(" : ")
            lines.append(f"- `{names}`{colon and ': '}{text}")
        else:
            listing = listing and bool(line)
            lines.append(line)
    return "\n".join(lines)


def main(folder: Path) -> list[str]:
    """Write the page; return what has no docstring."""
    for name in taleproof.__all__:
        getattr(taleproof, name)  # they are imported when they are first asked for
    module = pdoc.doc.Module(taleproof)
    found = [*undocumented(module)]
    if not found:
        for each in documented(module):
            each.docstring = markdown(each.docstring)
        pdoc.render.configure(docformat="markdown", show_source=False)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(pdoc.render.html_module(module, {module.modulename: module}))
    return found


if __name__ == "__main__":
    warnings.simplefilter("error", UserWarning)
    without = main(Path(sys.argv[1]))
    sys.exit("\n".join(["Without a docstring:", *without]) if without else None)
