# SPDX-License-Identifier: Apache-2.0
"""A traced forward pass: instructions over values, planned into scratch memory and written as words for the kernels.

In come instructions, in order, whose arguments are numbers, addresses and values; out go the words that run_program
(kernels/run/program.c) reads. A value is a matrix that one instruction makes and later ones read; it has memory from
the first to the last instruction that names it, so a pass of any depth needs the scratch of its widest layer.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from taleproof.errors import NumericsError
from taleproof.graph.opcodes import Op
from taleproof.memory.arena import ALIGNMENT


WORDS = 16
"""Words of an instruction: its number, its rows, fourteen arguments."""

INSTRUCTION_BYTES = 4 * WORDS


@dataclass(frozen=True, eq=False)
class Value:
    """A matrix in scratch memory. ``rows`` 0 means as many as the step has tokens."""

    rows: int
    columns: int
    row_bytes: int


Argument = int | float | Value


@dataclass(frozen=True)
class Instruction:
    """One operation; a float argument becomes the bits of a float32.

    Attributes
    ----------
    makes : how many of its values, the first ones, it writes; the others it reads.
    reads_cache : whether it reads keys and values that earlier instructions of the step write.
    """

    op: Op
    rows: int
    arguments: tuple[Argument, ...]
    makes: int = 1
    reads_cache: bool = False

    @property
    def values(self) -> list[Value]:
        """The values that it writes or reads."""
        return [argument for argument in self.arguments if isinstance(argument, Value)]


@dataclass
class Program:
    """A flat list of instructions, the value that they end in, and named places on the way.

    Attributes
    ----------
    marks : (name, how many instructions come before it, the value there).
    inputs : values that no instruction makes: they are written before each run, by their names.
    ids : the name of the input of token ids, which is no value: the step has them. None where none is read.
    """

    instructions: list[Instruction] = field(default_factory=list)
    result: Value | None = None
    marks: list[tuple[str, int, Value]] = field(default_factory=list)
    inputs: dict[str, Value] = field(default_factory=dict)
    ids: str | None = None


def plan(program: Program, max_tokens: int) -> tuple[dict[Value, int], int]:
    """Give each value an offset in scratch memory.

    Parameters
    ----------
    max_tokens : the most tokens that a step may have.

    Returns
    -------
    offsets, and the bytes of scratch that they need together.
    """
    last_use = dict.fromkeys(program.inputs.values(), 0)
    last_use |= {value: i for i, instruction in enumerate(program.instructions) for value in instruction.values}
    if program.result is not None:
        last_use[program.result] = len(program.instructions)
    offsets: dict[Value, int] = {}
    live: list[tuple[int, int, Value]] = []  # (begin, end, value), by begin
    top = 0

    def place(values: Iterable[Value]) -> None:
        nonlocal top
        for value in values:
            if value not in offsets:
                size = -(-(value.rows or max_tokens) * value.row_bytes // ALIGNMENT) * ALIGNMENT
                begin = _first_gap(live, size)
                offsets[value] = begin
                live.append((begin, begin + size, value))
                live.sort(key=lambda entry: entry[0])
                top = max(top, begin + size)

    place(program.inputs.values())
    for i, instruction in enumerate(program.instructions):
        place(instruction.values)
        live = [entry for entry in live if last_use[entry[2]] > i]
    return offsets, top


def _first_gap(live: Sequence[tuple[int, int, Value]], size: int) -> int:
    """Return the lowest offset at which ``size`` bytes are free."""
    begin = 0
    for other_begin, other_end, _ in live:
        if begin + size <= other_begin:
            break
        begin = max(begin, other_end)
    return begin


def waits(program: Program, offsets: Mapping[Value, int], max_tokens: int) -> list[bool]:
    """Tell before which instructions all threads must have finished those since the last wait.

    An instruction waits if it reads what one of those wrote, or writes what one of those reads or wrote. One that reads
    the cache, which is no value, always waits: its keys and values must have been written.
    """

    def extents(values: Sequence[Value]) -> list[tuple[int, int]]:
        return [(offsets[v], offsets[v] + (v.rows or max_tokens) * v.row_bytes) for v in values]

    result: list[bool] = []
    read: list[tuple[int, int]] = []
    written: list[tuple[int, int]] = []
    for instruction in program.instructions:
        made, used = instruction.values[: instruction.makes], instruction.values[instruction.makes :]
        outputs, inputs = extents(made), extents(used)
        wait = (
            instruction.reads_cache
            or _overlap(inputs, written)
            or _overlap(outputs, read)
            or _overlap(outputs, written)
        )
        if wait:
            read, written = [], []
        read += inputs
        written += outputs
        result.append(wait)
    return result


def _overlap(a: Sequence[tuple[int, int]], b: Sequence[tuple[int, int]]) -> bool:
    return any(begin < other_end and other_begin < end for begin, end in a for other_begin, other_end in b)


def encode(program: Program, offsets: Mapping[Value, int], scratch: int, max_tokens: int) -> bytes:
    """Write the program as little-endian words, the values at ``scratch`` plus their offsets.

    Raises
    ------
    NumericsError : a float argument that is no float32.
    """
    words = bytearray()
    for instruction, wait in zip(program.instructions, waits(program, offsets, max_tokens), strict=True):
        encoded = b"".join(_encode(argument, offsets, scratch, instruction.op) for argument in instruction.arguments)
        words += struct.pack("<HHI", instruction.op, wait, instruction.rows) + encoded.ljust(4 * (WORDS - 2), b"\0")
    return bytes(words)


def _encode(argument: Argument, offsets: Mapping[Value, int], scratch: int, op: Op) -> bytes:
    if isinstance(argument, Value):
        return struct.pack("<I", scratch + offsets[argument])
    if isinstance(argument, float):
        return pack_f32(argument, f"a constant of {op.name}")
    return struct.pack("<I", argument)


def pack_f32(value: float, where: str) -> bytes:
    """Return a finite number as the four bytes of a float32; NumericsError, naming ``where``, for one out of range."""
    try:
        data = struct.pack("<f", value)
    except OverflowError:
        raise NumericsError(where) from None
    if not isfinite(value):
        raise NumericsError(where)
    return data
