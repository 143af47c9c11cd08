# SPDX-License-Identifier: Apache-2.0
"""Grids: the short lists of vectors that the IQ types choose from, and the signs that go with them.

A grid is a set of vectors whose elements have few values. All vectors that there are have an order, that of their
numbers with the first element as the lowest digit; a grid is kept as one bit for each of them, in that order, in
base64. The sets were found by search, so there is no rule that they follow; they are those of ggml-common.h.
"""

from binascii import a2b_base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from taleproof.quant.block import Bytes, Floats


def grid(values: Sequence[int], length: int, bits: str) -> Floats:
    """Return the vectors of a grid, in their order.

    Parameters
    ----------
    values : what an element can be.
    length : elements of a vector.
    bits : of each vector that there is whether the grid has it, the lowest bit of a byte first, in base64.

    Returns
    -------
    float32 (vectors, length)
    """
    chosen = np.flatnonzero(np.unpackbits(np.frombuffer(a2b_base64(bits), np.uint8), bitorder="little"))
    digits = chosen[:, np.newaxis] // len(values) ** np.arange(length) % len(values)
    vectors: Floats = np.array(values, np.float32)[digits]
    return vectors


SIGNS = 1 - 2 * np.unpackbits(np.arange(256, dtype=np.uint8).reshape(256, 1), axis=1, bitorder="little").astype(
    np.float32
)
"""What a byte of sign bits multiplies eight weights with, -1 where a bit is set: (256, 8)."""

EVEN_SIGNS = np.concatenate([SIGNS[:128, :7], SIGNS[:128, :7].prod(axis=1, keepdims=True)], axis=1)
"""The same for seven bits, where the eighth sign makes the number of minus signs even: (128, 8)."""

_FOUR_SIGNS = np.array([0, 7, 14, 21], np.uint32)


def signs_and_scales(data: Bytes) -> tuple[Floats, Floats]:
    """Unpack words of 32 bits, each with four times seven signs and, in its highest bits, a scale.

    Parameters
    ----------
    data : uint8 (n, 4 words)

    Returns
    -------
    signs float32 (n, words, 4, 8) and scales (n, words)
    """
    words: NDArray[np.uint32] = np.ascontiguousarray(data).view("<u4")
    signs = EVEN_SIGNS[(words[:, :, np.newaxis] >> _FOUR_SIGNS) & np.uint32(127)]
    return signs, (words >> np.uint32(28)).astype(np.float32)
