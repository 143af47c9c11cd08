# SPDX-License-Identifier: Apache-2.0
"""The kernels' own check: both builds pass it, kernels that compute something else do not, and faults have a name."""

import struct
from pathlib import Path

import pytest

from taleproof.errors import KernelFaultError, WrongKernelsError
from taleproof.memory.kernels import BUILDS, KERNELS
from taleproof.memory.wasmtime import WasmtimeArena, fastest_arena


I16X8_MUL, I16X8_SUB = b"\xfd\x95\x01", b"\xfd\x91\x01"
RELAXED_DOT = b"\xfd\x92\x02"
ROUNDING, COARSER = (struct.pack("<4f", *[number] * 4) for number in (1.5 * 2**23, 1.5 * 2**24))
"""The number that rounds what is added to it to integers, and one that rounds to even ones."""

DOCTORED = {"relaxed": (RELAXED_DOT, I16X8_MUL), "baseline": (I16X8_MUL, I16X8_SUB)}
"""Of each build, the instructions that its integer dot product is made of, and others of the same types."""


def doctor(folder: Path, *builds: str) -> Path:
    """Copy the kernels, those of some builds with other instructions in place of the right ones."""
    for build in BUILDS:
        code = (KERNELS / f"{build}.wasm").read_bytes()
        right, wrong = DOCTORED[build]
        assert right in code
        (folder / f"{build}.wasm").write_bytes(code.replace(right, wrong) if build in builds else code)
    return folder


@pytest.mark.parametrize("build", BUILDS)
def test_the_kernels_compute_what_numerics_version_1_says(build: str) -> None:
    arena = WasmtimeArena(build)
    room = arena.allocate(arena.call("self_check_bytes"))
    right = arena.call("self_check", room)
    assert right, f"RIGHT in kernels/run/self_check.c was {int.from_bytes(arena.read(room, 8), 'little'):#018x} here"


def test_the_check_leaves_fresh_memory_behind() -> None:
    arena = WasmtimeArena()
    assert not any(arena.read(arena.allocate(100_000), 100_000))


def test_a_build_that_computes_something_else_is_passed_over(tmp_path: Path) -> None:
    assert fastest_arena().build == "relaxed"
    assert fastest_arena(doctor(tmp_path, "relaxed")).build == "baseline"


def test_without_a_build_that_is_right_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(WrongKernelsError, match="baseline"):
        fastest_arena(doctor(tmp_path, *BUILDS))


def test_another_rounding_is_noticed(tmp_path: Path) -> None:
    code = (KERNELS / "relaxed.wasm").read_bytes()
    assert ROUNDING in code
    (tmp_path / "relaxed.wasm").write_bytes(code.replace(ROUNDING, COARSER))
    with pytest.raises(WrongKernelsError, match="relaxed"):
        WasmtimeArena(folder=tmp_path)


def test_a_fault_is_told_with_the_kernel_that_had_it() -> None:
    arena = WasmtimeArena()
    with pytest.raises(KernelFaultError, match=r"is_finite.*out of bounds") as caught:
        arena.call("is_finite", 0, 0xFFFF0000 - (1 << 32), 1, 1 << 16)
    assert caught.value.details["kernel"] == "is_finite"
