# SPDX-License-Identifier: Apache-2.0
"""Matmuls: the interleaved kernels against their plain twins to the bit, and against NumPy within a bound."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.harness import HALF_FIELDS, QUANTISED, Floats, Harness, decode, random_blocks
from taleproof.graph.trace import ArenaTensor
from taleproof.memory.kernels import BUILDS
from taleproof.quant import BLOCK_TYPES, INT16_ACTIVATION_TYPES


ROWS, COLUMNS = 19, 512  # two groups of eight rows and three rows after them
SHAPE = (ROWS, COLUMNS)


@pytest.fixture(scope="module", params=BUILDS)
def harness(request: pytest.FixtureRequest) -> Harness:
    return Harness(request.param)


@pytest.fixture(scope="module")
def both() -> list[Harness]:
    return [Harness(build) for build in BUILDS]


def linear(harness: Harness, tensor: ArenaTensor, x: Floats) -> Floats:
    return harness.run(lambda ops, values: ops.linear(values[0], tensor), [x], ids=[0] * len(x))


def multiply(harness: Harness, type_name: str, blocks: np.ndarray, x: Floats) -> Floats:
    return linear(harness, harness.tensor(type_name, blocks, SHAPE), x)


def multiply_plain(harness: Harness, type_name: str, blocks: np.ndarray, x: Floats) -> Floats:
    tensor = harness.tensor(type_name, blocks, SHAPE, interleave=False)
    q, scales = harness.quantise(x, int16=type_name in INT16_ACTIVATION_TYPES)
    y = harness.arena.allocate(4 * len(x) * ROWS)
    harness.arena.call("matmul_plain", tensor.number, y, q, scales, tensor.offset, len(x), COLUMNS, ROWS)
    return np.frombuffer(harness.arena.read(y, 4 * len(x) * ROWS), np.float32).reshape(len(x), ROWS)


@pytest.mark.parametrize("type_name", QUANTISED)
@pytest.mark.parametrize("tokens", [1, 3, 4, 6])
def test_the_interleaved_kernel_equals_its_plain_twin(harness: Harness, type_name: str, tokens: int) -> None:
    rng = np.random.default_rng(tokens)
    blocks = random_blocks(type_name, ROWS, COLUMNS, rng)
    x = rng.standard_normal((tokens, COLUMNS)).astype(np.float32)
    fast, plain = (multiplied(harness, type_name, blocks, x) for multiplied in (multiply, multiply_plain))
    assert fast.tobytes() == plain.tobytes()


@pytest.mark.parametrize("type_name", QUANTISED)
@pytest.mark.parametrize("rows", [1, 7, 13, 37])
def test_rows_that_are_no_multiple_of_any_tile(harness: Harness, type_name: str, rows: int) -> None:
    rng = np.random.default_rng(rows)
    blocks = random_blocks(type_name, 40, COLUMNS, rng)
    few = blocks[: rows * len(blocks) // 40]
    x = rng.standard_normal((6, COLUMNS)).astype(np.float32)
    tensors = [harness.tensor(type_name, some, (n, COLUMNS)) for some, n in ((few, rows), (blocks, 40))]
    y, whole = (linear(harness, tensor, x) for tensor in tensors)
    assert y.tobytes() == whole[:, :rows].tobytes()
    exact = x @ decode(type_name, few, (rows, COLUMNS)).T
    assert np.abs(y - exact).max() < 0.05 * (x @ decode(type_name, blocks, (40, COLUMNS)).T).std()


@pytest.mark.parametrize("type_name", QUANTISED)
def test_quantised_activations_cost_no_more_than_half_a_step(harness: Harness, type_name: str) -> None:
    rng = np.random.default_rng(7)
    blocks = random_blocks(type_name, ROWS, COLUMNS, rng)
    x = rng.standard_normal((5, COLUMNS)).astype(np.float32)
    weights = decode(type_name, blocks, SHAPE).astype(np.float64)
    exact = x.astype(np.float64) @ weights.T
    # Rounding an activation moves it by at most half a step of its block, a step being the block's largest / 127. To
    # this come the roundings of the float32 sums: a few units in the last place for each block's term. The minimum of
    # Q4_1 and its kin is multiplied apart from q, so both parts count at their full size.
    step = np.abs(x.reshape(5, -1, 32)).max(axis=2).repeat(32, axis=1) / 127
    rounding = 4e-6 * (np.abs(x) @ np.full(COLUMNS, np.abs(weights).max() * 4))[:, None]
    bound = step / 2 @ np.abs(weights).T + rounding
    assert (np.abs(multiply(harness, type_name, blocks, x) - exact) <= bound).all()


@pytest.mark.parametrize("type_name", ["F32", "F16", "BF16"])
def test_float_weights_are_multiplied_within_rounding(harness: Harness, type_name: str) -> None:
    rng = np.random.default_rng(3)
    for rows, columns in itertools.product((1, 8, 13), (4, 64, 172, 7)):
        weights = rng.standard_normal((rows, columns)).astype(np.float32)
        if type_name == "BF16":
            data = (weights.view(np.uint32) >> 16).astype("<u2")
            weights = (data.astype(np.uint32) << 16).view(np.float32)
        else:
            data = weights.astype("<f4" if type_name == "F32" else "<f2")
            weights = data.astype(np.float32)
        tensor = harness.tensor(type_name, data.view(np.uint8), (rows, columns))
        x = rng.standard_normal((3, columns)).astype(np.float32)
        y = linear(harness, tensor, x)
        exact = x.astype(np.float64) @ weights.astype(np.float64).T
        # n additions of products, each rounded to half a unit in the last place (Higham 2002, section 3.1).
        bound = (columns + 2) * 2.0**-24 * (np.abs(x) @ np.abs(weights).T) * 1.01
        assert (np.abs(y - exact) <= bound).all()


def test_half_floats_are_read_exactly(harness: Harness) -> None:
    finite = np.arange(1 << 16, dtype=np.uint16)
    finite = finite[(finite & 0x7C00) != 0x7C00].reshape(-1, 4)
    tensor = harness.tensor("F16", finite.view(np.uint8), finite.shape)
    y = harness.run(lambda ops, values: ops.linear(values[0], tensor), [np.eye(4, dtype=np.float32)], ids=[0] * 4)
    assert np.array_equal(y.T, finite.view(np.float16).astype(np.float32))


EXTREME_BYTES = st.sampled_from([0x00, 0xFF, 0x80, 0x7F, 0x88, 0x0F, 0xF0])
EXTREME_SCALES = st.sampled_from([0.0, -0.0, 6e-8, -6e-8, 6e-5, 65504.0, -65504.0, 1.0])
EXTREME_INPUTS = st.sampled_from([0.0, -0.0, 1e-38, 1e-45, 1.0, -1.0, 127.0, 1e30, -1e30])


@pytest.mark.parametrize("type_name", QUANTISED)
@settings(max_examples=25, deadline=None)
@given(fill=EXTREME_BYTES, scale=EXTREME_SCALES, inputs=st.lists(EXTREME_INPUTS, min_size=2, max_size=2))
def test_both_builds_agree_on_extreme_values(
    both: list[Harness], type_name: str, fill: int, scale: float, inputs: list[float]
) -> None:
    block_type = BLOCK_TYPES[type_name]
    blocks = np.full((ROWS * COLUMNS // block_type.elements, block_type.nbytes), fill, np.uint8)
    for at in HALF_FIELDS[type_name]:
        blocks[:, at : at + 2] = np.full(1, scale, "<f2").view(np.uint8)
    x = np.resize(np.array(inputs, np.float32), (4, COLUMNS))
    results = [multiplied(h, type_name, blocks, x) for h in both for multiplied in (multiply, multiply_plain)]
    assert all(np.array_equal(results[0], other, equal_nan=True) for other in results[1:])


@pytest.mark.parametrize("type_name", QUANTISED)
def test_both_builds_agree_on_random_values(both: list[Harness], type_name: str) -> None:
    rng = np.random.default_rng(11)
    blocks = random_blocks(type_name, ROWS, COLUMNS, rng, scale=3.0)
    x = (rng.standard_normal((9, COLUMNS)) * np.exp(rng.standard_normal(COLUMNS) * 3)).astype(np.float32)
    first, second = (multiply(harness, type_name, blocks, x) for harness in both)
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("type_name", QUANTISED)
def test_embedding_reads_rows_as_numpy_decodes_them(harness: Harness, type_name: str) -> None:
    blocks = random_blocks(type_name, ROWS, COLUMNS, np.random.default_rng(5))
    tensor = harness.tensor(type_name, blocks, SHAPE)
    ids = [*range(ROWS), 0, 18]
    rows = harness.run(lambda ops, _: ops.embedding(tensor), ids=ids)
    expected = decode(type_name, blocks, SHAPE)[ids]
    # The products of two 16-bit or smaller numbers are exact; only adding the minimum rounds.
    assert np.allclose(rows, expected, rtol=3e-7, atol=1e-7 * float(np.abs(expected).max()))


@pytest.mark.parametrize("type_name", [*QUANTISED, "F32", "F16", "BF16"])
def test_infinities_among_the_weights_are_noticed(harness: Harness, type_name: str) -> None:
    block_type = BLOCK_TYPES[type_name]
    count = ROWS * COLUMNS // block_type.elements
    blocks = np.zeros((count, block_type.nbytes), np.uint8)
    infinities = {"F32": [0, 0, 0x80, 0x7F], "BF16": [0x80, 0x7F], "MXFP4": [0xFF]}
    infinity = infinities.get(type_name, [0x00, 0x7C])
    offset = harness.tensor(type_name, blocks, SHAPE, interleave=False).offset
    number = block_type.gguf_id
    assert number is not None
    assert harness.arena.call("is_finite", number, offset, *SHAPE) == 1
    for at in HALF_FIELDS.get(type_name) or (0,):
        broken = blocks.copy()
        broken[-1, at : at + len(infinity)] = infinity
        harness.arena.write(offset, broken.tobytes())
        number = block_type.gguf_id
    assert number is not None
    assert harness.arena.call("is_finite", number, offset, *SHAPE) == 0


def test_every_exponent_of_mxfp4_is_read_exactly_and_those_too_large_are_noticed(harness: Harness) -> None:
    blocks = np.random.default_rng(13).integers(0, 256, (256, 17), np.uint8)
    blocks[:, 0] = np.arange(256)
    finite = blocks[:253]
    tensor = harness.tensor("MXFP4", finite, (253, 32))
    rows = harness.run(lambda ops, _: ops.embedding(tensor), ids=range(253))
    assert np.array_equal(rows, decode("MXFP4", finite, (253, 32)))
    for exponent in (252, 253, 254, 255):
        offset = harness.tensor("MXFP4", blocks[exponent : exponent + 1], (1, 32), interleave=False).offset
        assert harness.arena.call("is_finite", tensor.number, offset, 1, 32) == (exponent == 252)


def test_any_byte_of_tq1_0_is_read_as_numpy_reads_it(harness: Harness) -> None:
    blocks = np.repeat(np.arange(256, dtype=np.uint8).reshape(-1, 1), 54, axis=1)
    blocks[:, 52:] = np.array([0x00, 0x3C], np.uint8)  # 1.0
    tensor = harness.tensor("TQ1_0", blocks, (256, 256))
    rows = harness.run(lambda ops, _: ops.embedding(tensor), ids=range(256))
    assert np.array_equal(rows, decode("TQ1_0", blocks, (256, 256)))
