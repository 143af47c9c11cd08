# SPDX-License-Identifier: Apache-2.0
"""Attention other than plain causal: windows, soft caps, bidirectional, cross-attention, relative biases."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.harness import Floats, Harness, numpy_ops
from taleproof.graph.attention_spec import AttentionSpec
from taleproof.graph.program import Value
from taleproof.graph.relative import distance_buckets
from taleproof.graph.trace import WasmOps
from taleproof.memory.kernels import BUILDS


TOKENS = 75
CONTEXT = 96
HEADS, KV_HEADS, HEAD_DIM = 8, 2, 12
SCALE = HEAD_DIM**-0.5


def normal(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


Q = normal(TOKENS, HEADS * HEAD_DIM)
K, V = normal(TOKENS, KV_HEADS * HEAD_DIM, seed=1), normal(TOKENS, KV_HEADS * HEAD_DIM, seed=2)
BIAS = 3 * normal(32, HEADS, seed=3)

CAUSAL: dict[str, dict[str, Any]] = {
    "a window of one": {"window": 1},
    "a window": {"window": 20},
    "a window of a block": {"window": 32},
    "a window longer than the text": {"window": 90},
    "a soft cap": {"softcap": 1.5},
    "a soft cap in a window": {"softcap": 1.5, "window": 37},
    "biases": {"bias": BIAS},
    "biases of few distances": {"bias": BIAS[:8], "max_distance": 20},
}


@pytest.fixture(scope="module", params=BUILDS)
def harness(request: pytest.FixtureRequest) -> Harness:
    return Harness(request.param)


@dataclass
class Attending:
    """Attention with these options, on one harness."""

    harness: Harness
    options: dict[str, Any]
    k: Floats = field(default_factory=lambda: K)
    wasm_options: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.wasm_options = {
            name: self.harness.floats(value) if name == "bias" else value for name, value in self.options.items()
        }

    def run(self, cuts: list[int], tokens: int = TOKENS) -> Floats:
        """Return the outputs of ``tokens`` tokens, in steps cut there."""
        keys, values = (self.harness.cache(KV_HEADS, CONTEXT, HEAD_DIM) for _ in range(2))

        def trace(ops: WasmOps, inputs: list[Value]) -> Value:
            ops.write_keys(keys, inputs[1])
            ops.write_values(values, inputs[2])
            return ops.attention(inputs[0], keys, values, SCALE, **self.wasm_options)

        edges = sorted({0, *cuts, tokens})
        steps = [
            self.harness.run(trace, [x[a:b] for x in (Q, self.k, V)], [0] * (b - a), a) for a, b in pairwise(edges)
        ]
        return np.concatenate(steps)


def exact(options: dict[str, Any], queries: Floats = Q, encoded: int = 0) -> Floats:
    """Return what NumPy makes of all tokens at once."""
    ops = numpy_ops(len(queries), 0, encoded)
    keys, values = (np.zeros((KV_HEADS, CONTEXT, HEAD_DIM), np.float32) for _ in range(2))
    numpy_ops(TOKENS).write_keys(keys, K)
    numpy_ops(TOKENS).write_values(values, V)
    return ops.attention(queries, keys, values, SCALE, **options)


def assert_near(y: Floats, expected: Floats) -> None:
    """Compare within the bound of test_ops.py's test_attention; a soft cap's slope is at most 1, biases are exact."""
    k_sums, q_sums = (np.abs(x.reshape(-1, HEAD_DIM)).sum(axis=1).max() for x in (K, Q))
    score = SCALE * (np.abs(Q).max() / 4094 * k_sums + np.abs(K).max() / 32766 * q_sums)
    bound = np.abs(V).max() * (np.expm1(2 * score) + 32 / 4094 * 2 + 1 / 16383)
    assert np.abs(y - expected).max() <= bound
    assert np.abs(y - expected).mean() <= 2e-3 * np.abs(expected).mean()


@pytest.mark.parametrize("name", CAUSAL)
def test_causal_attention_by_a_rule(harness: Harness, name: str) -> None:
    assert_near(Attending(harness, CAUSAL[name]).run([]), exact(CAUSAL[name]))


@pytest.mark.parametrize("name", CAUSAL)
def test_a_rule_matters(name: str) -> None:
    differs = not np.array_equal(exact(CAUSAL[name]), exact({}))
    assert differs == (name != "a window longer than the text")


@pytest.mark.parametrize("tokens", [1, 33, TOKENS])
@pytest.mark.parametrize("options", [{}, {"bias": BIAS}, {"bias": BIAS[:10], "max_distance": 9}])
def test_a_whole_step(harness: Harness, options: dict[str, Any], tokens: int) -> None:
    options = {"kind": "bidirectional", **options}
    y = Attending(harness, options).run([], tokens)
    assert_near(y, exact(options, Q[:tokens]))


@pytest.mark.parametrize("encoded", [1, 40, TOKENS])
def test_cross_attention(harness: Harness, encoded: int) -> None:
    keys, values = (harness.cache(KV_HEADS, CONTEXT, HEAD_DIM) for _ in range(2))

    def write(ops: WasmOps, inputs: list[Value]) -> Value:
        ops.write_keys(keys, inputs[0])
        ops.write_values(values, inputs[1])
        return ops.first_row(inputs[0])

    harness.run(write, [K, V], [0] * TOKENS)
    y = harness.run(
        lambda ops, v: ops.attention(v[0], keys, values, SCALE, kind="cross"), [Q[:9]], [0] * 9, 50, encoded
    )
    assert_near(y, exact({"kind": "cross"}, Q[:9], encoded))


@pytest.fixture(scope="module")
def relaxed() -> Harness:
    return Harness("relaxed")


@pytest.mark.parametrize("name", CAUSAL)
@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(1, TOKENS - 1), max_size=5))
def test_any_split_gives_the_same_bits(relaxed: Harness, name: str, cuts: list[int]) -> None:
    attending = Attending(relaxed, CAUSAL[name])
    assert attending.run(cuts).tobytes() == attending.run(list(range(1, TOKENS))).tobytes()


def test_builds_and_shares_give_the_same_bits() -> None:
    kinds = [*CAUSAL.values(), {"kind": "bidirectional", "bias": BIAS}]
    makers = [Harness("baseline")] + [Harness("relaxed", threads) for threads in (1, 2, 3, 8)]
    results = [[Attending(maker, options).run([]).tobytes() for options in kinds] for maker in makers]
    assert all(result == results[0] for result in results)


def test_a_window_longer_than_the_text_is_plain_attention_to_the_bit(harness: Harness) -> None:
    plain = Attending(harness, {}).run([])
    for window in (90, CONTEXT, 1 << 40):
        assert Attending(harness, {"window": window}).run([]).tobytes() == plain.tobytes()


def test_what_is_outside_the_window_changes_nothing(harness: Harness) -> None:
    other = K.copy()
    other[:30] *= 5
    expected = Attending(harness, {"window": 20}).run([])
    changed = Attending(harness, {"window": 20}, other).run([])
    assert changed[:49].tobytes() != expected[:49].tobytes()
    assert changed[49:].tobytes() == expected[49:].tobytes()


def test_buckets_are_those_of_t5() -> None:
    # transformers 5.23.0, T5Attention._relative_position_bucket, for 32 buckets and a largest distance of 128.
    one_way = distance_buckets(32, 128)
    assert one_way[:16] == tuple(range(16))
    assert [one_way[d] for d in (16, 18, 19, 20, 21, 31, 32, 50, 64, 112, 113, 127, 128)] == [
        *(16, 16, 17, 17, 18, 21, 21, 24, 26, 30, 31, 31, 31)
    ]
    half = distance_buckets(16, 128)
    assert [half[d] for d in (7, 8, 11, 12, 15, 16, 22, 23, 32, 45, 46, 63, 64, 90, 91, 128)] == [
        *(7, 8, 8, 9, 9, 10, 10, 11, 12, 12, 13, 13, 14, 14, 15, 15)
    ]


@pytest.mark.parametrize("wrong", [(-1, "causal", 0), (4, "bidirectional", 0), (4, "cross", 0), (0, "cross", 32)])
def test_options_without_a_meaning_are_refused(wrong: tuple[int, Any, int]) -> None:
    window, kind, buckets = wrong
    with pytest.raises(ValueError, match="attention"):
        AttentionSpec(window, 0.0, kind, buckets, 128)
