# SPDX-License-Identifier: Apache-2.0
"""Make the tables that C and Python share, each of the place where its facts are said once.

kernels/ops.def lists the instruction set. Operations with a file of their own are found there, by OPERATION in
kernels/ops/; py/taleproof/graph/opcodes.py is made of the whole list. kernels/types.def is made of the block types in
py/taleproof/quant/ that say that the kernels multiply with them. `npm run kernels:pin` runs this; a test fails where
one of the three files is not what would be made.

Usage: python scripts/kernel_tables.py [ROOT]
"""

import re
import sys
from pathlib import Path

from taleproof.quant import BLOCK_TYPES, BlockType


ROOT = Path(__file__).resolve().parent.parent

_LISTED = re.compile(r"^OP(?:_TOO|_FILE)?\((\d+), (\w+)", re.MULTILINE)
_FOUND = re.compile(r"^OPERATION\((\d+), (\w+), (\w+)\)", re.MULTILINE)
_FILE_LINES = re.compile(r"^OP_FILE\(\d+, \w+, \w+\)\n", re.MULTILINE)

_OPCODES = '''# SPDX-License-Identifier: Apache-2.0
"""The instruction set's numbers. Made of kernels/ops.def by scripts/kernel_tables.py; `npm run kernels:pin` does it."""

from enum import IntEnum


class Op(IntEnum):
    """An operation of the kernels."""

'''

_TYPES = """/* SPDX-License-Identifier: Apache-2.0 */
/* Block types that the kernels multiply with as they are: GGUF's number, the name, columns of a block. Made of
 * py/taleproof/quant/ by scripts/kernel_tables.py; `npm run kernels:pin` does it. */
"""


def ops_def(kernels: Path) -> str:
    """Return the list with a line for each OPERATION in kernels/ops/, by number."""
    text = _FILE_LINES.sub("", (kernels / "ops.def").read_text("utf-8"))
    found: list[tuple[int, str, str]] = []
    for path in (kernels / "ops").glob("*.c"):
        for number, capitals, name in _FOUND.findall(path.read_text("utf-8")):
            if capitals != name.upper() or path.stem != name:
                raise ValueError(f"{path.name}: OPERATION({number}, {capitals}, {name}) is not of this file")
            found.append((int(number), capitals, name))
    lines = "".join("OP_FILE({}, {}, {})\n".format(*operation) for operation in sorted(found))
    head, end, tail = text.partition("\n#undef OP\n")
    return head + lines + end + tail


def opcodes(list_of_ops: str) -> str:
    """Return opcodes.py.

    Raises
    ------
    ValueError : a number or a name that two operations have.
    """
    rows = sorted((int(number), name) for number, name in _LISTED.findall(list_of_ops))
    numbers, names = {number for number, _ in rows}, {name for _, name in rows}
    if not len(numbers) == len(names) == len(rows):
        raise ValueError("two operations have the same number, or the same name")
    return _OPCODES + "".join(f"    {name} = {number}\n" for number, name in rows)


def types_def(types: list[BlockType]) -> str:
    """Return types.def: the types of quantised weights that the kernels multiply with; floats are no blocks."""
    rows = sorted(
        (kind.gguf_id or 0, kind.name.lower(), kind.elements) for kind in types if kind.activations in (8, 16)
    )
    return _TYPES + "".join("TYPE({}, {}, {})\n".format(*row) for row in rows) + "\n#undef TYPE\n"


def tables(root: Path) -> dict[Path, str]:
    """Return what each file should have in it, by its path."""
    listed = ops_def(root / "kernels")
    types = [kind for name, kind in BLOCK_TYPES.items() if isinstance(name, str)]
    return {
        root / "kernels" / "ops.def": listed,
        root / "py" / "taleproof" / "graph" / "opcodes.py": opcodes(listed),
        root / "kernels" / "types.def": types_def(types),
    }


def main(root: Path) -> None:
    """Write the files that are not as they should be."""
    for path, text in tables(root).items():
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
