# SPDX-License-Identifier: Apache-2.0
"""Whole numbers kept as they are, little-endian, which safetensors and GGUF know beside weights."""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats


def _decode_i8(data: Bytes) -> Floats:
    return data.view(np.int8).astype(np.float32)


def _decode_u8(data: Bytes) -> Floats:
    return data.astype(np.float32)


def _decode_i16(data: Bytes) -> Floats:
    return np.ascontiguousarray(data).view("<i2").astype(np.float32)


def _decode_i32(data: Bytes) -> Floats:
    return np.ascontiguousarray(data).view("<i4").astype(np.float32)


def _decode_i64(data: Bytes) -> Floats:
    return np.ascontiguousarray(data).view("<i8").astype(np.float32)


I8 = BlockType("I8", 24, 1, 1, _decode_i8)
U8 = BlockType("U8", None, 1, 1, _decode_u8)
I16 = BlockType("I16", 25, 1, 2, _decode_i16, ((0, 2, 1),))
I32 = BlockType("I32", 26, 1, 4, _decode_i32, ((0, 4, 1),))
I64 = BlockType("I64", 27, 1, 8, _decode_i64, ((0, 8, 1),))
