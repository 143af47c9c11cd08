# SPDX-License-Identifier: Apache-2.0
"""StdRng against the streams that Rust's rand 0.8.5 produced, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taleproof.sampling.rng import StdRng, Uniform, WeightedIndex, expand_seed


VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "rust_stdrng.json").read_text(encoding="utf-8")
)
STREAMS = {stream["name"]: stream for stream in VECTORS["streams"]}


def generator(name: str) -> StdRng:
    if name == "from_seed([0; 32])":
        return StdRng.from_seed(bytes(32))
    argument = name[name.index("(") + 1 : -1]
    if name.startswith("from_seed"):
        return StdRng.from_seed(bytes.fromhex(argument))
    return StdRng.seed_from_u64(int(argument))


def bits32(x: float) -> int:
    return int(np.float32(x).view(np.uint32))


def bits64(x: float) -> int:
    return int(np.float64(x).view(np.uint64))


@pytest.mark.parametrize("name", STREAMS)
class TestStreams:
    def test_next_u32(self, name: str) -> None:
        rng = generator(name)
        expected = STREAMS[name]["next_u32"]
        assert [rng.next_u32() for _ in expected] == expected

    def test_next_u64(self, name: str) -> None:
        rng = generator(name)
        expected = [int(x) for x in STREAMS[name]["next_u64"]]
        assert [rng.next_u64() for _ in expected] == expected

    def test_fill_bytes(self, name: str) -> None:
        rng = generator(name)
        for fill in STREAMS[name]["fill_bytes"]:
            assert rng.fill_bytes(fill["n"]).hex() == fill["hex"]

    def test_words_doubles_and_bytes_interleaved(self, name: str) -> None:
        rng = generator(name)
        for call in STREAMS[name]["mixed"]:
            [(kind, value)] = call.items()
            if kind == "u32":
                assert rng.next_u32() == value
            elif kind == "u64":
                assert rng.next_u64() == int(value)
            else:
                assert rng.fill_bytes(len(value) // 2).hex() == value

    def test_floats(self, name: str) -> None:
        stream = STREAMS[name]
        rng = generator(name)
        assert [bits32(rng.gen_f32()) for _ in range(20)] == stream["gen_f32_bits"]
        rng = generator(name)
        assert [bits64(rng.gen_f64()) for _ in range(20)] == [int(x) for x in stream["gen_f64_bits"]]

    def test_ranges(self, name: str) -> None:
        stream = STREAMS[name]
        rng = generator(name)
        assert [rng.gen_range(0, 1000) for _ in range(20)] == stream["gen_range_0_1000_u32"]
        rng, uniform = generator(name), Uniform(0.0, 3.5)
        assert [bits32(uniform.sample(rng)) for _ in range(20)] == stream["uniform_f32_0_3.5_bits"]


@pytest.mark.parametrize("case", VECTORS["weighted_index_f32"], ids=lambda c: f"{c['seed']}-{c['n']}")
def test_weighted_index(case: dict[str, Any]) -> None:
    i = np.arange(case["n"], dtype=np.int64)
    weights = ((i * i * 7919 % 1013 + 1) / 1024).astype(np.float32)
    rng, index = StdRng.seed_from_u64(int(case["seed"])), WeightedIndex(weights)
    assert [index.sample(rng) for _ in case["samples"]] == case["samples"]


def test_a_large_request_equals_many_small_ones() -> None:
    whole, parts = StdRng.seed_from_u64(9), StdRng.seed_from_u64(9)
    whole.next_u32()
    parts.next_u32()
    assert whole.fill_bytes(5000) == b"".join(parts.fill_bytes(4) for _ in range(1250))
    assert whole.next_u64() == parts.next_u64()


def test_block_counter_carries_into_its_high_word() -> None:
    rng = StdRng.seed_from_u64(0)
    rng._block = 2**32 - 2
    buffer = rng.fill_bytes(256)
    rng._block, rng._index = 2**32, 64
    assert rng.fill_bytes(128) == buffer[128:]


def test_integer_ranges_use_the_type_that_holds_them() -> None:
    wide = StdRng.seed_from_u64(3)
    assert 0 <= wide.gen_range(0, 2**40) < 2**40
    narrow, reference = StdRng.seed_from_u64(3), StdRng.seed_from_u64(3)
    assert narrow.gen_range(-5, 5) == -5 + (reference.next_u32() * 10 >> 32)
    assert narrow.next_u32() == reference.next_u32()


def test_float_ranges_stay_below_their_end() -> None:
    rng = StdRng.seed_from_u64(4)
    end = float(np.nextafter(np.float32(1), np.float32(2)))
    assert all(1.0 <= rng.gen_range(np.float32(1), np.float32(end)) < end for _ in range(50))
    assert all(1.0 <= Uniform(1.0, end).sample(rng) < end for _ in range(50))
    assert all(-2.5 <= rng.gen_range(-2.5, 7.0) < 7.0 for _ in range(50))


def test_range_f32_agrees_with_uniform_where_no_correction_is_needed() -> None:
    one, other, uniform = StdRng.seed_from_u64(8), StdRng.seed_from_u64(8), Uniform(0.0, 3.5)
    for _ in range(100):
        assert one.gen_range(np.float32(0), np.float32(3.5)) == uniform.sample(other)


def test_seed_expansion_is_the_seed_used() -> None:
    assert StdRng.from_seed(expand_seed(42)).next_u64() == StdRng.seed_from_u64(42).next_u64()


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33)])
def test_refuses_a_seed_of_another_length(seed: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        StdRng.from_seed(seed)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_refuses_a_seed_beyond_64_bits(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        StdRng.seed_from_u64(seed)


@pytest.mark.parametrize(("low", "high"), [(5, 5), (0, 2**64), (1.0, 1.0), (0.0, float("nan")), (-1e308, 1e308)])
def test_refuses_ranges_without_a_meaning(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="range"):
        StdRng.seed_from_u64(0).gen_range(low, high)


def test_refuses_an_f32_range_that_overflows() -> None:
    with pytest.raises(ValueError, match="too wide"):
        Uniform(-3e38, 3e38)


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [1.0, -1.0], [float("nan"), 1.0]])
def test_refuses_weights_without_a_meaning(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        WeightedIndex(np.array(weights, np.float32))


def test_refuses_a_negative_number_of_bytes() -> None:
    with pytest.raises(ValueError, match="negative"):
        StdRng.seed_from_u64(0).fill_bytes(-1)
