# SPDX-License-Identifier: Apache-2.0
"""Big-endian blocks: which of a block's bytes are turned around, against the fields of ggml's structures.

The fields are those of ggml-common.h: what is declared as ggml_half, uint16_t, int16_t or float is one number of the
machine that wrote it; what is declared as bytes stays, even if a reader puts several together.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from taleproof.quant import BLOCK_TYPES, BlockType


FIELDS = {
    "F32": "f4",
    "F16": "u2",
    "BF16": "u2",
    "F64": "f8",
    "I8": "i1",
    "I16": "i2",
    "I32": "i4",
    "I64": "i8",
    "Q4_0": "u2, 16u1",
    "Q4_1": "u2, u2, 16u1",
    "Q5_0": "u2, 4u1, 16u1",
    "Q5_1": "u2, u2, 4u1, 16u1",
    "Q8_0": "u2, 32i1",
    "Q2_K": "16u1, 64u1, u2, u2",
    "Q3_K": "32u1, 64u1, 12u1, u2",
    "Q4_K": "u2, u2, 12u1, 128u1",
    "Q5_K": "u2, u2, 12u1, 32u1, 128u1",
    "Q6_K": "128u1, 64u1, 16i1, u2",
    "IQ4_NL": "u2, 16u1",
    "IQ4_XS": "u2, u2, 4u1, 128u1",
    "IQ1_S": "u2, 32u1, 8u2",
    "IQ1_M": "32u1, 16u1, 8u1",
    "IQ2_XXS": "u2, 32u2",
    "IQ2_XS": "u2, 32u2, 8u1",
    "IQ2_S": "u2, 64u1, 8u1, 8u1",
    "IQ3_XXS": "u2, 96u1",
    "IQ3_S": "u2, 64u1, 8u1, 32u1, 4u1",
    "NVFP4": "4u1, 32u1",
    "Q1_0": "u2, 16u1",
    "Q8_1": "u2, u2, 32i1",
    "Q8_K": "f4, 256i1, 16i2",
    "MXFP4": "u1, 16u1",
    "TQ1_0": "48u1, 4u1, u2",
    "TQ2_0": "64u1, u2",
}
"""Of each type, as NumPy writes them."""

TYPES = [kind for number, kind in BLOCK_TYPES.items() if isinstance(number, int)]
every_type = pytest.mark.parametrize("block_type", TYPES, ids=[kind.name for kind in TYPES])


def blocks(block_type: BlockType) -> NDArray[np.uint8]:
    return np.random.default_rng(8).integers(0, 256, (5, block_type.nbytes), np.uint8)


@every_type
def test_numbers_of_several_bytes_are_turned_around(block_type: BlockType) -> None:
    data = blocks(block_type)
    fields = np.dtype(FIELDS[block_type.name])
    assert fields.itemsize == block_type.nbytes
    rows = np.frombuffer(data.tobytes(), fields)
    turned = rows.byteswap() if fields.names is None else rows.astype(fields.newbyteorder())
    assert block_type.swapped(data).tobytes() == turned.tobytes()


@every_type
def test_turned_around_twice_they_are_as_they_were(block_type: BlockType) -> None:
    data = blocks(block_type)
    assert np.array_equal(block_type.swapped(block_type.swapped(data)), data)
