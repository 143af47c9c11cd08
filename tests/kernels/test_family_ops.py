# SPDX-License-Identifier: Apache-2.0
"""The operations that not every family has, against their NumPy twins: norms, activations, tables, pooling."""

import math

import numpy as np
import pytest

from kernels.harness import Floats, Harness, numpy_ops, random_blocks
from taleproof.graph.program import Value
from taleproof.graph.trace import WasmOps
from taleproof.memory.kernels import BUILDS
from taleproof.quant import BLOCK_TYPES


EPSILON = 2.0**-24
"""Half a unit in the last place of a float32, relative."""

SHAPES = [(1, 4), (3, 64), (5, 7), (2, 576)]


@pytest.fixture(scope="module", params=BUILDS)
def harness(request: pytest.FixtureRequest) -> Harness:
    return Harness(request.param)


def normal(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def mapped(harness: Harness, name: str, x: Floats, *parameters: float) -> Floats:
    return harness.run(lambda ops, v: getattr(ops, name)(v[0], *parameters), [x], ids=[0] * len(x))


def spread() -> Floats:
    """Numbers of every size that an activation may have, a row of them."""
    sizes = np.geomspace(1e-30, 1e30, 400)
    return np.concatenate([np.linspace(-20, 20, 4001), sizes, -sizes, [0.0, -0.0]]).astype(np.float32)[np.newaxis]


@pytest.mark.parametrize(("heads", "head_dim"), [(1, 64), (4, 16), (9, 64), (3, 6)])
def test_rms_norm_of_each_head(harness: Harness, heads: int, head_dim: int) -> None:
    x, weight = normal(3, heads * head_dim), normal(head_dim, seed=1)
    tensor = harness.floats(weight)
    y = harness.run(lambda ops, v: ops.rms_norm(v[0], tensor, 1e-6), [x], ids=[0] * 3)
    assert np.allclose(y, numpy_ops().rms_norm(x, weight, 1e-6), rtol=(head_dim + 8) * EPSILON, atol=0)
    rows = x.reshape(-1, head_dim)
    alone = harness.run(lambda ops, v: ops.rms_norm(v[0], tensor, 1e-6), [rows], ids=[0] * len(rows))
    assert y.tobytes() == alone.tobytes()


@pytest.mark.parametrize("shape", SHAPES)
def test_layer_norm(harness: Harness, shape: tuple[int, int]) -> None:
    columns = shape[1]
    x, weight, bias = normal(*shape) + 3, normal(columns, seed=1), normal(columns, seed=2)
    tensors = harness.floats(weight), harness.floats(bias)
    y = harness.run(lambda ops, v: ops.layer_norm(v[0], *tensors, 1e-5), [x], ids=[0] * shape[0])
    exact = x.astype(np.float64)
    centred = exact - exact.mean(axis=1, keepdims=True)
    factor = 1 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    # The mean is off by at most columns roundings of the sum of magnitudes, which the factor and the weight multiply;
    # the variance is a sum of positive terms.
    of_mean = (columns + 1) * EPSILON * np.abs(exact).mean(axis=1, keepdims=True) * factor
    bound = np.abs(weight) * (of_mean * 2 + (columns + 8) * EPSILON * np.abs(centred * factor)) + EPSILON * np.abs(bias)
    assert (np.abs(y - (centred * factor * weight + bias)) <= bound + 2 * EPSILON * np.abs(y)).all()
    assert np.allclose(y, numpy_ops().layer_norm(x, weight, bias, 1e-5), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_unit(harness: Harness, shape: tuple[int, int]) -> None:
    x = normal(*shape)
    y = mapped(harness, "unit", x)
    assert np.allclose(y, numpy_ops().unit(x), rtol=(shape[1] + 8) * EPSILON, atol=0)
    assert np.allclose((y.astype(np.float64) ** 2).sum(axis=1), 1, rtol=(shape[1] + 8) * EPSILON)
    assert not mapped(harness, "unit", np.zeros(shape, np.float32)).any()


def test_sums_of_squares_that_overflow_show(harness: Harness) -> None:
    x = normal(2, 16) * np.float32(1e25)
    weight = harness.floats(np.ones(16, np.float32))
    assert np.isnan(mapped(harness, "unit", x)).all()
    normed = harness.run(lambda ops, v: ops.layer_norm(v[0], weight, weight, 1e-5), [x], ids=[0] * 2)
    assert np.isnan(normed).all()


def test_gelu(harness: Harness) -> None:
    x = spread()
    exact = x.astype(np.float64)
    u = 2 * math.sqrt(2 / math.pi) * (exact + 0.044715 * exact**3)
    y = mapped(harness, "gelu", x)
    # Of e^-u, the rounding of u counts |u| times, the rest a few units; below -87 powers are 0, above 88 they stop.
    with np.errstate(over="ignore"):
        expected = exact / (1 + np.exp(-u))
    bound = np.abs(expected) * EPSILON * (10 + 8 * np.minimum(np.abs(u), 88)) + np.abs(exact) * 1e-38
    assert (np.abs(y - expected) <= bound + 1e-37).all()
    with np.errstate(over="ignore"):
        near = numpy_ops().gelu(x)
    assert np.allclose(y, near, rtol=2e-6, atol=8 * EPSILON * 20)


def test_gelu_erf(harness: Harness) -> None:
    x = spread()
    y = mapped(harness, "gelu_erf", x)
    # Of the factor of x: half of the formula's own 1.5e-7, and half of five products' and sums' roundings, whose terms
    # are 4.5 together at most.
    assert (np.abs(y - numpy_ops().gelu_erf(x)) <= (0.75e-7 + 4.5 * EPSILON) * np.abs(x)).all()


@pytest.mark.parametrize("cap", [1.0, 30.0, 50.0])
def test_softcap(harness: Harness, cap: float) -> None:
    x = spread() * np.float32(cap)
    x = x[np.isfinite(x)][np.newaxis]
    y = mapped(harness, "softcap", x, cap)
    # 2 units of tanh, and one each of the division, which counts less than once, and the product.
    assert np.allclose(y, cap * np.tanh(x.astype(np.float64) / cap), rtol=10 * EPSILON, atol=1e-37)
    assert np.allclose(y, numpy_ops().softcap(x, cap), rtol=14 * EPSILON, atol=1e-37)
    assert (np.abs(y) <= cap).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_single_operations_are_exact(harness: Harness, shape: tuple[int, int]) -> None:
    x, up = normal(*shape) * 10, normal(*shape, seed=1)
    slow = numpy_ops(shape[0])
    assert np.array_equal(mapped(harness, "relu", x), slow.relu(x))
    assert np.array_equal(mapped(harness, "scale", x, 25.298221281347036), slow.scale(x, 25.298221281347036))
    gated = harness.run(lambda ops, v: ops.gelu_gate(*v), [x, up], ids=[0] * shape[0])
    assert np.array_equal(gated, mapped(harness, "gelu", x) * up)
    assert np.array_equal(mapped(harness, "first_row", x), x[:1])
    row = normal(shape[1], seed=2)
    tensor = harness.floats(row)
    added = harness.run(lambda ops, v: ops.add_row(v[0], tensor), [x], ids=[0] * shape[0])
    assert np.array_equal(added, x + row)


@pytest.mark.parametrize("shape", [*SHAPES, (300, 12)])
def test_mean_rows(harness: Harness, shape: tuple[int, int]) -> None:
    x = normal(*shape)
    y = mapped(harness, "mean_rows", x)
    bound = (shape[0] + 1) * EPSILON * np.abs(x).astype(np.float64).mean(axis=0)
    assert (np.abs(y[0] - x.astype(np.float64).mean(axis=0)) <= bound).all()


@pytest.mark.parametrize("name", ["gelu", "gelu_erf", "relu", "softcap", "scale", "unit", "mean_rows"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_stays_visible(harness: Harness, name: str, bad: float) -> None:
    x = normal(1, 8)
    x[0, 5] = bad
    parameters = (30.0,) if name in ("softcap", "scale") else ()
    y = mapped(harness, name, x, *parameters)
    assert not np.isfinite(y[0, 5])
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(getattr(numpy_ops(), name)(x, *parameters)[0, 5])


@pytest.mark.parametrize("type_name", ["F32", "F16", "Q8_0"])
def test_tables(harness: Harness, type_name: str) -> None:
    if type_name == "Q8_0":
        blocks = random_blocks(type_name, 24, 32, np.random.default_rng(7))
        table = BLOCK_TYPES[type_name].decode(blocks).reshape(24, 32)
        tensor = harness.tensor(type_name, blocks, (24, 32))
    else:
        data = normal(24, 32).astype("<f4" if type_name == "F32" else "<f2")
        table = data.astype(np.float32)
        tensor = harness.tensor(type_name, data.view(np.uint8), (24, 32), interleave=False)
    slow = numpy_ops(5, 11)
    positions = harness.run(lambda ops, _: ops.position_embedding(tensor), ids=[0] * 5, position=11)
    assert np.array_equal(positions, slow.position_embedding(table))

    def add_type(ops: WasmOps, values: list[Value]) -> Value:
        return ops.add_row(values[0], ops.table_row(tensor, 9))

    x = normal(5, 32, seed=3)
    assert np.array_equal(harness.run(add_type, [x], ids=[0] * 5), x + table[9])
    beyond = harness.run(lambda ops, _: ops.position_embedding(tensor), ids=[0] * 5, position=22)
    assert np.array_equal(beyond[:2], table[22:])
    assert np.isnan(beyond[2:]).all()
    with pytest.raises(ValueError, match="row 24"):
        harness.run(lambda ops, _: ops.table_row(tensor, 24))
