# SPDX-License-Identifier: Apache-2.0
"""The hash kernels against Python's own hashlib: lengths around every boundary, any split, long messages."""

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taleproof.memory.kernels import BUILDS
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.trust.digest import ALGORITHMS, Algorithm, ArenaHasher


ROOM = 1 << 20


class Bench:
    """An arena with room for messages and a hasher of each algorithm."""

    def __init__(self, build: str) -> None:
        self.arena = WasmtimeArena(build)
        self.data = self.arena.allocate(ROOM)
        self.hashers = {name: ArenaHasher(self.arena, name) for name in ALGORITHMS}

    def digest(self, algorithm: Algorithm, message: bytes, cuts: list[int], shift: int = 0) -> str:
        """Hash a message in the pieces between the cuts, from an address that may be odd."""
        start = self.data + shift
        self.arena.write(start, message)
        hasher = self.hashers[algorithm]
        hasher.reset()
        ends = [*sorted(min(cut, len(message)) for cut in cuts), len(message)]
        for begin, end in zip([0, *ends], ends, strict=False):
            hasher.update(range(start + begin, start + end))
        return hasher.hexdigest()


@pytest.fixture(scope="module", params=BUILDS)
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_length_around_the_block_boundaries(bench: Bench, algorithm: Algorithm) -> None:
    message = random.Random(1).randbytes(300)
    for length in range(len(message) + 1):
        expected = hashlib.new(algorithm, message[:length]).hexdigest()
        assert bench.digest(algorithm, message[:length], []) == expected, length


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_long_message_at_any_address(bench: Bench, algorithm: Algorithm) -> None:
    message = random.Random(2).randbytes(ROOM - 64)
    expected = hashlib.new(algorithm, message).hexdigest()
    for shift in (0, 1, 7, 33):
        assert bench.digest(algorithm, message, [1, 65, 70000], shift) == expected


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@settings(deadline=None, max_examples=60)
@given(message=st.binary(max_size=1000), cuts=st.lists(st.integers(0, 1000), max_size=8))
def test_how_a_message_is_cut_changes_nothing(
    bench: Bench, algorithm: Algorithm, message: bytes, cuts: list[int]
) -> None:
    assert bench.digest(algorithm, message, cuts) == hashlib.new(algorithm, message).hexdigest()


def test_more_than_four_gigabits_are_counted_in_64_bits(bench: Bench) -> None:
    """The padding holds the length in bits: past 2^32 bits a 32-bit count would wrap."""
    piece = bytes(ROOM)
    hasher, reference = bench.hashers["sha256"], hashlib.sha256()
    bench.arena.write(bench.data, piece)
    hasher.reset()
    for _ in range(513):
        hasher.update(range(bench.data, bench.data + ROOM))
        reference.update(piece)
    assert hasher.hexdigest() == reference.hexdigest()
