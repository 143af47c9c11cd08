# SPDX-License-Identifier: Apache-2.0
"""The small operations against their NumPy twins."""

import numpy as np
import pytest

from kernels.harness import Floats, Harness, numpy_ops
from taleproof.graph.program import Value
from taleproof.graph.rope import Rotary
from taleproof.graph.trace import WasmOps
from taleproof.memory.kernels import BUILDS
from taleproof.nn.numerics import exp32


EPSILON = 2.0**-24
"""Half a unit in the last place of a float32, relative."""


@pytest.fixture(scope="module", params=BUILDS)
def harness(request: pytest.FixtureRequest) -> Harness:
    return Harness(request.param)


def normal(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("columns", [4, 64, 576, 7])
def test_rms_norm(harness: Harness, columns: int) -> None:
    x, weight = normal(3, columns), normal(columns, seed=1)
    tensor = harness.floats(weight)
    y = harness.run(lambda ops, v: ops.rms_norm(v[0], tensor, 1e-5), [x], ids=[0] * 3)
    # The sum of squares is of positive terms: its relative error is at most a unit a term; three roundings follow.
    assert np.allclose(y, numpy_ops().rms_norm(x, weight, 1e-5), rtol=(columns + 8) * EPSILON, atol=0)


@pytest.mark.parametrize("columns", [4, 64, 5])
def test_add_and_silu_gate(harness: Harness, columns: int) -> None:
    a, b = normal(3, columns) * 20, normal(3, columns, seed=1)
    assert np.array_equal(harness.run(lambda ops, v: ops.add(*v), [a, b], ids=[0] * 3), a + b)
    y = harness.run(lambda ops, v: ops.silu_gate(*v), [a, b], ids=[0] * 3)
    # exp within 2 units in the last place, then three roundings; below -87 exp is 0 where NumPy's is not.
    assert np.allclose(y, numpy_ops().silu_gate(a, b), rtol=10 * EPSILON, atol=1e-35)


def test_exp_is_the_same_in_the_kernels_and_in_numpy_to_the_bit(harness: Harness) -> None:
    x = np.concatenate([np.linspace(-95, 95, 99_993), [87.0, 87.001, 86.999, -88.0, -88.001, -0.0, 0.0]])
    gate = x.astype(np.float32)[np.newaxis]
    y = harness.run(lambda ops, v: ops.silu_gate(*v), [gate, np.ones_like(gate)], ids=[0])
    # The sigmoid linear unit by its definition; but for exp it is single operations, each rounded once everywhere.
    assert np.array_equal(y, gate / (np.float32(1.0) + exp32(-gate)))


@pytest.mark.parametrize("neox_layout", [False, True])
@pytest.mark.parametrize("position", [0, 1, 511, 131_000])
def test_rope(harness: Harness, neox_layout: bool, position: int) -> None:
    frequencies = 10000.0 ** (-np.arange(0, 12, 2) / 12)
    rotary = Rotary(16, 12, neox_layout, frequencies, 1.25)
    x = normal(3, 48)
    ids = [0] * 3
    y = harness.run(lambda ops, v: ops.rope(v[0], ops.rope_angles(rotary), rotary), [x], ids, position)
    slow = numpy_ops(len(ids), position)
    expected = slow.rope(x, slow.rope_angles(rotary), rotary)
    # sin and cos are rounded from float64: a unit in the last place at most; two products and a sum follow.
    assert np.allclose(y, expected, rtol=0, atol=6 * EPSILON * float(np.abs(x).max()) * 1.25)


@pytest.mark.parametrize("tokens", [1, 5, 70])
@pytest.mark.parametrize(
    ("heads", "kv_heads", "head_dim"), [(4, 4, 8), (9, 3, 64), (8, 4, 48), (5, 1, 6), (4, 1, 128), (2, 1, 256)]
)
def test_attention(harness: Harness, heads: int, kv_heads: int, head_dim: int, tokens: int) -> None:
    q = normal(tokens, heads * head_dim)
    k, v = normal(tokens, kv_heads * head_dim, seed=3), normal(tokens, kv_heads * head_dim, seed=4)
    scale = head_dim**-0.5
    keys, values = harness.cache(kv_heads, 96, head_dim), harness.cache(kv_heads, 96, head_dim)

    def trace(ops: WasmOps, inputs: list[Value]) -> Value:
        ops.write_keys(keys, inputs[1])
        ops.write_values(values, inputs[2])
        return ops.attention(inputs[0], keys, values, scale)

    y = harness.run(trace, [q, k, v], ids=[0] * tokens)
    slow = numpy_ops(tokens)
    exact_keys, exact_values = (np.zeros((kv_heads, tokens, head_dim), np.float32) for _ in range(2))
    slow.write_keys(exact_keys, k)
    slow.write_values(exact_values, v)
    expected = slow.attention(q, exact_keys, exact_values, scale)
    # A query's element is off by at most half a step of largest / 2047, a key's by largest / 16383 / 2: a score by that
    # times the other's absolute sum. Softmax turns it into a relative error of each weight, twice. Each weight is then
    # rounded to a 2047th of its block's largest, of which there are at most 32 times the sum, and values to 15 bits.
    largest = np.abs(q).max()
    sums = np.abs(k.reshape(-1, head_dim)).sum(axis=1).max()
    score = scale * (
        largest / 4094 * sums + np.abs(k).max() / 32766 * np.abs(q.reshape(-1, head_dim)).sum(axis=1).max()
    )
    bound = np.abs(v).max() * (np.expm1(2 * score) + 32 / 4094 * 2 + 1 / 16383)
    assert np.abs(y - expected).max() <= bound
    # The bound is for the worst case; errors are of either sign, and what is seen is far smaller.
    assert np.abs(y - expected).mean() <= 2e-3 * np.abs(expected).mean()


def test_positions_beyond_a_tokens_own_change_nothing(harness: Harness) -> None:
    heads, kv_heads, head_dim = 3, 1, 16
    keys, values = harness.cache(kv_heads, 64, head_dim), harness.cache(kv_heads, 64, head_dim)

    def trace(ops: WasmOps, inputs: list[Value]) -> Value:
        ops.write_keys(keys, inputs[1])
        ops.write_values(values, inputs[2])
        return ops.attention(inputs[0], keys, values, 0.25)

    inputs = [normal(40, heads * head_dim), normal(40, head_dim, seed=1), normal(40, head_dim, seed=2)]
    first = harness.run(trace, inputs, ids=[0] * 40)
    again = harness.run(trace, [array[:9] for array in inputs], ids=[0] * 9)
    assert again.tobytes() == first[:9].tobytes()


def test_last_row(harness: Harness) -> None:
    x = normal(6, 8)
    assert np.array_equal(harness.run(lambda ops, v: ops.last_row(v[0]), [x], ids=[0] * 6), x[-1:])


def test_a_value_that_is_not_finite_shows_through_quantisation(harness: Harness) -> None:
    tensor = harness.tensor("Q8_0", np.ones((8, 34), np.uint8), (8, 32))
    for bad in (np.nan, np.inf, -np.inf):
        x = normal(1, 32)
        x[0, 13] = bad
        y = harness.run(lambda ops, v: ops.linear(v[0], tensor), [x])
        assert not np.isfinite(y).any()


@pytest.mark.parametrize("softcap", [0.0, 30.0])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("of", ["query", "key", "value"])
def test_attention_never_hides_a_value_that_is_not_finite(
    harness: Harness, of: str, bad: float, softcap: float
) -> None:
    heads, kv_heads, head_dim, tokens = 3, 1, 16, 5
    inputs = {"query": normal(tokens, heads * head_dim), "key": normal(tokens, head_dim, seed=1)}
    inputs["value"] = normal(tokens, head_dim, seed=2)
    inputs["query"] = np.abs(inputs["query"])  # an infinite key's score could be -inf, whose weight is 0
    inputs[of][1, 4] = bad
    keys, values = harness.cache(kv_heads, 64, head_dim), harness.cache(kv_heads, 64, head_dim)

    def trace(ops: WasmOps, rows: list[Value]) -> Value:
        ops.write_keys(keys, rows[1])
        ops.write_values(values, rows[2])
        return ops.attention(rows[0], keys, values, 0.25, softcap=softcap)

    y = harness.run(trace, list(inputs.values()), ids=[0] * tokens)
    seen = y[1:2, :head_dim] if of == "query" else y[1:]
    assert not np.isfinite(seen).any()
    assert np.isfinite(y[0]).all()
