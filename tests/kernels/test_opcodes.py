# SPDX-License-Identifier: Apache-2.0
"""The kernels' machine code has no instruction, and their build no flag, that leaves a result to the machine."""

import importlib.util
from collections import Counter
from functools import cache
from types import ModuleType

import pytest

from taleproof.memory.kernels import BUILDS, KERNELS

from .wasm_reader import MAGIC, SIMD, Opcode, opcodes


ROOT = KERNELS.parents[1]

RELAXED = range(0x100, 0x130)
"""The relaxed SIMD proposal's opcodes after the prefix 0xFD, and those reserved for more of them."""

RELAXED_DOTS = {0x112, 0x113}
"""i16x8.relaxed_dot_i8x16_i7x16_s and i32x4.relaxed_dot_i8x16_i7x16_add_s: exact with a 7-bit operand in 0..127."""

DOT_PRODUCT = (SIMD, 0xBA)
"""i32x4.dot_i16x8_s, what the baseline has in their place."""

UNSAFE = ("fast-math", "Ofast", "unsafe-math", "associative-math", "reciprocal-math", "finite-math", "contract=")


@cache
def counted(name: str) -> Counter[Opcode]:
    return Counter(opcodes((KERNELS / f"{name}.wasm").read_bytes()))


def relaxed_in(name: str) -> set[int]:
    return {number for prefix, number in counted(name) if prefix == SIMD and number in RELAXED}


@pytest.mark.parametrize("kind", ["", "-shared"])
def test_only_the_exact_relaxed_instruction_is_used_and_by_the_relaxed_build_alone(kind: str) -> None:
    assert relaxed_in("baseline" + kind) == set()
    found = relaxed_in("relaxed" + kind)
    assert found
    assert found <= RELAXED_DOTS


def test_the_baseline_has_the_plain_dot_product() -> None:
    assert counted("baseline")[DOT_PRODUCT] > 0


@pytest.mark.parametrize("build", BUILDS)
def test_the_twin_for_threads_has_the_same_code(build: str) -> None:
    assert counted(build) == counted(f"{build}-shared")


def module_of(body: bytes) -> bytes:
    function = b"\0" + body
    section = b"\1" + bytes([len(function)]) + function
    return MAGIC + b"\x0a" + bytes([len(section)]) + section


def test_a_relaxed_instruction_is_found() -> None:
    # f32x4.relaxed_madd of three constants of which each has bytes that look like opcodes.
    constant = b"\xfd\x0c" + b"\xfd\x85\x02\x0b" * 4
    body = constant * 3 + b"\xfd\x85\x02\x1a\x0b"
    assert list(opcodes(module_of(body))) == [*[(SIMD, 0x0C)] * 3, (SIMD, 0x105), (0, 0x1A), (0, 0x0B)]


@pytest.mark.parametrize("body", [b"\x41\x80", b"\x01", b"\xfd\xff\x7f\x0b", b"\x06\x0b"])
def test_code_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"code|end|opcode"):
        list(opcodes(module_of(body)))


def build_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_kernels", ROOT / "scripts" / "build_kernels.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_compiler_may_neither_contract_nor_reorder_floats() -> None:
    script = build_script()
    for flags in script.BUILDS.values():
        every = [*script.FLAGS, *flags]
        allowed = {"-ffp-contract=off", "-fno-fast-math"}
        assert allowed <= set(every)
        assert not [flag for flag in every if any(word in flag for word in UNSAFE) and flag not in allowed]


@pytest.mark.parametrize(
    "word", ["FP_CONTRACT", "clang fp", "float_control", "builtin_fma", "relaxed_madd", "optimize"]
)
def test_no_source_asks_for_it_by_itself(word: str) -> None:
    for path in sorted((ROOT / "kernels").rglob("*.[ch]")):
        assert word not in path.read_text("utf-8"), path.name
