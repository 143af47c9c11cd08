# SPDX-License-Identifier: Apache-2.0
"""Reads a WebAssembly module's code: the module's bytes come in, the opcodes of all its functions go out.

Only what a compiler of C makes of the core instructions, SIMD, bulk memory and atomics is known (WebAssembly core
specification, 5.4). Anything else is refused with ValueError; so is a function whose last instruction does not end
where the function does, which is how a mistake in here would show.
"""

from collections.abc import Iterator


MAGIC = b"\0asm\1\0\0\0"
CODE_SECTION = 10

SIMD = 0xFD
PREFIXES = (0xFC, SIMD, 0xFE)

Opcode = tuple[int, int]
"""A prefix, 0 for none, and the number after it."""

# What follows an opcode: u a number in LEB128, m an alignment and an offset, b a byte, 4 8 and 16 so many bytes, c the
# labels of a br_table, v the types of a select.
_PLAIN = {
    **dict.fromkeys([0x00, 0x01, 0x05, 0x0B, 0x0F, 0x1A, 0x1B, 0xD1, *range(0x45, 0xC5)], ""),
    **dict.fromkeys([0x02, 0x03, 0x04, 0x0C, 0x0D, 0x10, *range(0x20, 0x27), 0x41, 0x42, 0xD0, 0xD2], "u"),
    **dict.fromkeys(range(0x28, 0x3F), "m"),
    0x0E: "c",
    0x11: "uu",
    0x1C: "v",
    0x3F: "b",
    0x40: "b",
    0x43: "4",
    0x44: "8",
}
_BULK = {**dict.fromkeys(range(8), ""), 8: "uu", 9: "u", 10: "uu", 11: "u", 12: "uu", 13: "u", 14: "uu"}
_SIMD = {
    **dict.fromkeys([*range(14, 21), *range(35, 84), *range(94, 0x130)], ""),
    **dict.fromkeys([*range(12), 92, 93], "m"),
    **dict.fromkeys([12, 13], "x"),
    **dict.fromkeys(range(21, 35), "b"),
    **dict.fromkeys(range(84, 92), "mb"),
}
_ATOMIC = {**dict.fromkeys([0, 1, 2, *range(0x10, 0x4F)], "m"), 3: "b"}
_IMMEDIATES: dict[int, dict[int, str]] = {0: _PLAIN, 0xFC: _BULK, SIMD: _SIMD, 0xFE: _ATOMIC}
_WIDTHS = {"b": 1, "4": 4, "8": 8, "x": 16}


class _Cursor:
    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def number(self) -> int:
        """Read an unsigned LEB128; a signed one has the same length."""
        result = shift = 0
        while True:
            byte = self.byte()
            result |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return result

    def byte(self) -> int:
        self.skip(1)
        return self.data[self.at - 1]

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > self.end:
            raise ValueError(f"the code goes on after its end at byte {self.end}")

    def immediates(self, kinds: str) -> None:
        for kind in kinds:
            if kind in _WIDTHS:
                self.skip(_WIDTHS[kind])
            elif kind == "v":
                self.skip(self.number())
            else:
                for _ in range({"u": 1, "m": 2, "c": 0}[kind] or self.number() + 1):
                    self.number()


def opcodes(module: bytes) -> Iterator[Opcode]:
    """Yield the opcodes of all functions in their order."""
    cursor = _code_section(module)
    for _ in range(cursor.number()):
        size = cursor.number()
        yield from _function(_Cursor(module, cursor.at, cursor.at + size))
        cursor.skip(size)
    if cursor.at != cursor.end:
        raise ValueError("the code section is longer than its functions")


def _code_section(module: bytes) -> _Cursor:
    if not module.startswith(MAGIC):
        raise ValueError("not a WebAssembly module")
    cursor = _Cursor(module, len(MAGIC), len(module))
    while cursor.at < cursor.end:
        section, size = cursor.byte(), cursor.number()
        if section == CODE_SECTION:
            return _Cursor(module, cursor.at, cursor.at + size)
        cursor.skip(size)
    raise ValueError("the module has no code")


def _function(cursor: _Cursor) -> Iterator[Opcode]:
    for _ in range(cursor.number()):  # groups of local variables: how many, of which type
        cursor.number()
        cursor.skip(1)
    last: Opcode = (0, 0)
    while cursor.at < cursor.end:
        first = cursor.byte()
        last = (first, cursor.number()) if first in PREFIXES else (0, first)
        kinds = _IMMEDIATES[last[0]].get(last[1])
        if kinds is None:
            raise ValueError(f"an unknown opcode {last[0]:#x} {last[1]:#x} at byte {cursor.at}")
        cursor.immediates(kinds)
        yield last
    if last != (0, 0x0B):
        raise ValueError(f"the function before byte {cursor.end} has no end")
