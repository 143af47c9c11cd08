# SPDX-License-Identifier: Apache-2.0
"""Programs: values that live at the same time never share memory, and the words are what the kernels read."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from taleproof.graph.opcodes import Op
from taleproof.graph.program import WORDS, Instruction, Program, Value, encode, plan, waits


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Draw a program in which each instruction makes one value and reads some made before."""
    made: list[Value] = []
    program = Program()
    for _ in range(draw(st.integers(1, 20))):
        read = [made[i] for i in draw(st.lists(st.integers(0, len(made) - 1), max_size=3))] if made else []
        value = Value(draw(st.integers(0, 2)), 1, draw(st.integers(1, 500)))
        made.append(value)
        program.instructions.append(Instruction(Op.ADD, 0, (value, *read)))
    program.result = draw(st.sampled_from(made))
    return program


@given(program=programs(), tokens=st.integers(1, 9))
def test_values_that_live_together_do_not_overlap(program: Program, tokens: int) -> None:
    offsets, size = plan(program, tokens)
    count = len(program.instructions)
    first = {v: next(i for i, ins in enumerate(program.instructions) if v in ins.values) for v in offsets}
    last = {v: max(i for i, ins in enumerate(program.instructions) if v in ins.values) for v in offsets}
    if program.result is not None:
        last[program.result] = count
    extent = {v: (at, at + (v.rows or tokens) * v.row_bytes) for v, at in offsets.items()}
    assert all(end <= size for _, end in extent.values())
    for a in offsets:
        for b in offsets:
            together = first[a] <= last[b] and first[b] <= last[a]
            apart = extent[a][1] <= extent[b][0] or extent[b][1] <= extent[a][0]
            assert a is b or not together or apart


def test_a_deep_program_needs_no_more_than_its_widest_layer() -> None:
    program, x = Program(), Value(0, 16, 64)
    for _ in range(100):
        y = Value(0, 16, 64)
        program.instructions.append(Instruction(Op.ADD, 0, (y, x, x)))
        x = y
    program.result = x
    assert plan(program, 4)[1] == 2 * 4 * 64


def test_words() -> None:
    value = Value(0, 2, 8)
    program = Program([Instruction(Op.RMS_NORM, 3, (value, 7, 0.5))])
    words = encode(program, {value: 64}, 1000, 3)
    assert len(words) == 4 * WORDS
    assert struct.unpack("<IIIIf", words[:20]) == (2, 3, 1064, 7, 0.5)
    assert not any(words[20:])


@given(program=programs(), tokens=st.integers(1, 9))
def test_between_two_waits_nothing_that_one_instruction_writes_is_touched_by_another(
    program: Program, tokens: int
) -> None:
    offsets, _ = plan(program, tokens)
    run: list[Instruction] = []

    def memory(values: list[Value]) -> set[int]:
        return {at for v in values for at in range(offsets[v], offsets[v] + (v.rows or tokens) * v.row_bytes)}

    for instruction, wait in zip(program.instructions, waits(program, offsets, tokens), strict=True):
        run = [] if wait else run
        made, used = (memory(values) for values in (instruction.values[:1], instruction.values[1:]))
        for earlier in run:
            assert not made & memory(earlier.values)
            assert not used & memory(earlier.values[:1])
        run.append(instruction)
