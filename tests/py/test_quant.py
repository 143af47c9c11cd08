# SPDX-License-Identifier: Apache-2.0
"""Every block type's decoder against the gguf package, to the bit, on random, extreme and quantised blocks."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fixtures.make import TYPE_NAMES, WHOLE_NUMBERS
from fixtures.quantise import encode
from taleproof.quant import BLOCK_TYPES, GGUF_TYPE_NAMES, BlockType, q8_group, row_bytes


TYPES = [BLOCK_TYPES[name] for name in (*TYPE_NAMES, *WHOLE_NUMBERS)]
every_type = pytest.mark.parametrize("block_type", TYPES, ids=[kind.name for kind in TYPES])

# The largest error of a weight, in parts of the span of its block: half a step of the format, and what rounding the
# scales to 16 or 6 bits adds to it. Of a grid it is half the distance between its vectors, where there are some at all,
# and with one bit a weight it is what the largest weight is away from the scale that most of them ask for.
ERROR = {
    "F32": 0.0,
    "F64": 0.0,
    "F16": 2.0**-11,
    "BF16": 2.0**-8,
    "Q8_0": 0.005,
    "Q6_K": 0.04,
    "Q5_0": 0.04,
    "Q5_1": 0.02,
    "Q5_K": 0.03,
    "Q4_0": 0.08,
    "Q4_1": 0.04,
    "Q4_K": 0.05,
    "Q3_K": 0.2,
    "Q2_K": 0.25,
    "IQ4_NL": 0.06,
    "IQ4_XS": 0.07,
    "MXFP4": 0.13,
    "NVFP4": 0.1,
    "IQ3_S": 0.15,
    "IQ3_XXS": 0.2,
    "IQ2_S": 0.22,
    "IQ2_XS": 0.25,
    "IQ2_XXS": 0.27,
    "IQ1_M": 0.4,
    "IQ1_S": 0.4,
    "Q1_0": 0.45,
    "Q8_1": 0.005,
    "Q8_K": 0.005,
    "TQ1_0": 0.26,
    "TQ2_0": 0.26,
}


def _q8_1(data: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows = np.frombuffer(data.tobytes(), [("d", "<f2"), ("sum", "<f2"), ("q", "i1", 32)])
    return rows["d"].astype(np.float32)[:, None] * rows["q"].astype(np.float32)


def _q8_k(data: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows = np.frombuffer(data.tobytes(), [("d", "<f4"), ("q", "i1", 256), ("sums", "<i2", 16)])
    return rows["d"][:, None] * rows["q"].astype(np.float32)


def _q1_0(data: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows = np.frombuffer(data.tobytes(), [("d", "<f2"), ("bits", "u1", 16)])
    bits = np.array([[row["bits"][j // 8] >> (j % 8) & 1 for j in range(128)] for row in rows], np.int8).reshape(
        -1, 128
    )
    return rows["d"].astype(np.float32)[:, None] * (2 * bits - 1).astype(np.float32)


STRUCTURES = {"Q8_1": _q8_1, "Q8_K": _q8_k, "Q1_0": _q1_0}
"""Types that the package has a number for and no decoder: read as ggml's structures of these names."""

PLAIN = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I8": "<i1", "I16": "<i2", "I32": "<i4", "I64": "<i8"}
"""Types that the package has no decoder for, for they are NumPy's own."""


def reference(block_type: BlockType, data: NDArray[np.uint8]) -> NDArray[np.float32]:
    if block_type.name in PLAIN:
        with np.errstate(all="ignore"):
            return data.view(PLAIN[block_type.name]).astype(np.float32)
    if block_type.name in STRUCTURES:
        with np.errstate(all="ignore"):
            return STRUCTURES[block_type.name](data)
    assert block_type.gguf_id is not None
    with np.errstate(all="ignore"):
        decoded: NDArray[np.float32] = dequantize(data, GGMLQuantizationType(block_type.gguf_id))
    return decoded


def assert_same_bits(block_type: BlockType, data: NDArray[np.uint8]) -> None:
    decoded = block_type.decode(data)
    assert decoded.shape == (len(data), block_type.elements)
    assert decoded.dtype == np.float32
    expected = reference(block_type, data)
    same = (decoded.view(np.uint32) == expected.view(np.uint32)) | (np.isnan(decoded) & np.isnan(expected))
    assert same.all()


@every_type
def test_the_table_agrees_with_the_gguf_package(block_type: BlockType) -> None:
    number = GGMLQuantizationType[block_type.name]
    assert block_type.gguf_id == number
    if block_type.name == "Q8_1":  # the package's size is that of ggml until 2023; ggml and candle have 36 bytes
        assert (GGML_QUANT_SIZES[number], block_type.nbytes) == ((32, 40), 36)
    else:
        assert (block_type.elements, block_type.nbytes) == GGML_QUANT_SIZES[number]
    assert BLOCK_TYPES[int(number)] is block_type


def test_every_type_of_the_gguf_package_can_be_read() -> None:
    for number in GGMLQuantizationType:
        assert BLOCK_TYPES[int(number)].name == number.name
        assert GGUF_TYPE_NAMES[int(number)] == number.name


@every_type
def test_random_blocks(block_type: BlockType) -> None:
    rng = np.random.default_rng(3)
    assert_same_bits(block_type, rng.integers(0, 256, (500, block_type.nbytes), np.uint8))


@every_type
@pytest.mark.parametrize("byte", [0x00, 0x01, 0x0F, 0x3F, 0x7F, 0x80, 0xC0, 0xF0, 0xFF])
def test_blocks_of_one_byte_repeated(block_type: BlockType, byte: int) -> None:
    assert_same_bits(block_type, np.full((2, block_type.nbytes), byte, np.uint8))


@every_type
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_blocks(block_type: BlockType, data: st.DataObject) -> None:
    assert_same_bits(block_type, data.draw(hnp.arrays(np.uint8, (3, block_type.nbytes))))


@pytest.mark.parametrize("name", TYPE_NAMES)
def test_quantised_weights_come_back_within_the_step_of_the_format(name: str) -> None:
    block_type = BLOCK_TYPES[name]
    weights = np.random.default_rng(4).standard_normal((64, 256)).astype(np.float32)
    blocks = encode(block_type.name, weights)
    assert_same_bits(block_type, blocks)
    decoded = block_type.decode(blocks).reshape(weights.shape)
    span = 2 * np.abs(weights).max(axis=1, keepdims=True)
    assert (np.abs(decoded - weights) <= ERROR[block_type.name] * span).all()


def test_8_bit_floats() -> None:
    """Every code, from the definitions: e4m3 has no infinities and one NaN of each sign, e5m2 is half of a half."""
    codes = np.arange(256, dtype=np.uint8).reshape(-1, 1)
    e4m3 = BLOCK_TYPES["F8_E4M3"].decode(codes)[:, 0]
    for code in range(128):
        exponent, fraction = code >> 3, code & 7
        value = 2.0 ** (exponent - 7) * (1 + fraction / 8) if exponent else 2.0**-6 * fraction / 8
        expected = np.float32(np.nan if code == 127 else value)
        assert e4m3[code] == expected or np.isnan(e4m3[code]) & np.isnan(expected)
        assert e4m3[code + 128] == -expected or np.isnan(e4m3[code + 128]) & np.isnan(expected)
    e5m2 = BLOCK_TYPES["F8_E5M2"].decode(codes)[:, 0]
    halves = np.concatenate([np.zeros_like(codes), codes], axis=1).view("<f2")[:, 0].astype(np.float32)
    assert np.array_equal(e5m2, halves, equal_nan=True)
    assert [e5m2[0x7B], e5m2[0x7C], e4m3[0x7E]] == [57344, np.inf, 448]


def test_bytes_without_a_sign() -> None:
    assert BLOCK_TYPES["U8"].decode(np.array([[0], [200]], np.uint8)).tolist() == [[0], [200]]


@pytest.mark.parametrize("size", [1, 32, 64, 100])
def test_groups_of_llama2c(size: int) -> None:
    rng = np.random.default_rng(5)
    q = rng.integers(-128, 128, (7, size)).astype(np.int8)
    scale = rng.standard_normal((7, 1)).astype("<f4")
    block_type = q8_group(size)
    assert (block_type.name, block_type.gguf_id) == (f"Q8_GROUP{size}", None)
    decoded = block_type.decode(np.concatenate([q.view(np.uint8), scale.view(np.uint8)], axis=1))
    assert np.array_equal(decoded, q.astype(np.float32) * scale)


def test_no_blocks_decode_to_nothing() -> None:
    for block_type in TYPES:
        assert block_type.decode(np.empty((0, block_type.nbytes), np.uint8)).shape == (0, block_type.elements)


@pytest.mark.parametrize("shape", [(3, 17), (18,), (1, 2, 18)])
def test_data_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Q4_0"):
        BLOCK_TYPES["Q4_0"].decode(np.zeros(shape, np.uint8))


def test_row_bytes() -> None:
    assert row_bytes(BLOCK_TYPES["Q4_K"], 512) == 288
    with pytest.raises(ValueError, match="256"):
        row_bytes(BLOCK_TYPES["Q4_K"], 500)
