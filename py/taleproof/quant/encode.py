# SPDX-License-Identifier: Apache-2.0
"""Weights to blocks: in come float32 values, out go the bytes that the decoders of this package read.

The types are those that a model is usually converted to. A block's scale is the one that its largest weight asks
for; no better one is searched. The bits are those of ggml's reference and of the gguf package's ``quantize``. Refused:
weights that are beyond what the type's 16-bit scale or number can hold.

Source: https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c (quantize_row_*_ref)
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from taleproof.quant.block import BlockType


Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


def _f32(values: Floats) -> Bytes:
    return values.astype("<f4").view(np.uint8)


def _f16(values: Floats) -> Bytes:
    return values.astype("<f2").view(np.uint8)


def _bf16(values: Floats) -> Bytes:
    """Round to the nearest, ties to even; a NaN stays one."""
    bits = values.astype("<f4").view("<u4").astype(np.uint64)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    quiet = bits >> 16 | 0x40
    return np.where((bits & 0x7FFFFFFF) > 0x7F800000, quiet, rounded).astype("<u2").view(np.uint8)


def _inverse(step: Floats) -> Floats:
    """Return 1 / step; 0 where the step is 0, or so small that its inverse is infinite."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(step == 0, np.float32(0), np.float32(1) / step)


def _whole(values: Floats, most: int) -> Bytes:
    """Cut to whole numbers of 0..most."""
    return np.trunc(values).clip(0, most).astype(np.uint8)


def _from_largest(values: Floats, half: int) -> tuple[Bytes, Bytes]:
    """Return d (n, 2) and q (n, 32): the weight farthest from zero becomes 0, zero becomes ``half``."""
    at = np.abs(values).argmax(axis=1, keepdims=True)
    step = np.take_along_axis(values, at, axis=1) / np.float32(-half)  # (n, 1)
    return _f16(step), _whole(values * _inverse(step) + np.float32(half + 0.5), 2 * half - 1)


def _from_smallest(values: Floats, most: int) -> tuple[Bytes, Bytes, Bytes]:
    """Return d and m (n, 2) and q (n, 32): the smallest weight becomes 0, the largest ``most``."""
    low = values.min(axis=1, keepdims=True)
    step = (values.max(axis=1, keepdims=True) - low) / np.float32(most)
    return _f16(step), _f16(low), _whole((values - low) * _inverse(step) + np.float32(0.5), most)


def _nibbles(q: Bytes) -> Bytes:
    """Join the low four bits of the first half and of the second: (n, 32) -> (n, 16)."""
    return (q[:, :16] & np.uint8(15)) | (q[:, 16:] << np.uint8(4))


def _fifth_bits(q: Bytes) -> Bytes:
    """Collect bit 4 of each: (n, 32) -> (n, 4)."""
    return np.packbits(q >> np.uint8(4), axis=1, bitorder="little")


def _q4_0(values: Floats) -> Bytes:
    d, q = _from_largest(values, 8)
    return np.concatenate([d, _nibbles(q)], axis=1)


def _q4_1(values: Floats) -> Bytes:
    d, m, q = _from_smallest(values, 15)
    return np.concatenate([d, m, _nibbles(q)], axis=1)


def _q5_0(values: Floats) -> Bytes:
    d, q = _from_largest(values, 16)
    return np.concatenate([d, _fifth_bits(q), _nibbles(q)], axis=1)


def _q5_1(values: Floats) -> Bytes:
    d, m, q = _from_smallest(values, 31)
    return np.concatenate([d, m, _fifth_bits(q), _nibbles(q)], axis=1)


def _q8_0(values: Floats) -> Bytes:
    step = np.abs(values).max(axis=1, keepdims=True) / np.float32(127)
    scaled = values * _inverse(step)
    size = np.abs(scaled)
    whole = np.floor(size)
    away = np.sign(scaled) * (whole + np.floor(2 * (size - whole)))  # to the nearest, ties away from zero
    return np.concatenate([_f16(step), away.astype(np.int8).view(np.uint8)], axis=1)


_ENCODERS: dict[str, Callable[[Floats], Bytes]] = {
    "F32": _f32,
    "F16": _f16,
    "BF16": _bf16,
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q5_0": _q5_0,
    "Q5_1": _q5_1,
    "Q8_0": _q8_0,
}

ENCODED = tuple(_ENCODERS)
"""The types that can be written, by name."""


def encode(kind: BlockType, values: Floats) -> Bytes:
    """Return the blocks of finite values.

    Parameters
    ----------
    values : float32, any shape; their number is a multiple of the type's block.

    Returns
    -------
    uint8 (n, kind.nbytes)

    Raises
    ------
    OverflowError : a weight, or a scale, is beyond what 16 bits can hold.
    """
    blocks = np.ascontiguousarray(values, np.float32).reshape(-1, kind.elements)
    with np.errstate(over="ignore", invalid="ignore"):
        out = _ENCODERS[kind.name](blocks)
    if not np.isfinite(kind.decode(out)).all():
        raise OverflowError(kind.name)
    return out
