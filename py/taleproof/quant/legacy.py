# SPDX-License-Identifier: Apache-2.0
"""Block types of GGML's files from before GGUF, whose layouts changed twice under the same numbers.

At first (ggml, ggmf, ggjt 1) byte k of the nibbles held elements 2k and 2k + 1, and bit k of the fifth bits was element
k's; from ggjt 2 on, elements 0-15 are the low nibbles and 16-31 the high ones, as today. Q4_0, Q4_1 and Q8_0 had scales
of 32 bits until ggjt 3 gave them 16. Q4_2 and Q4_3, with 16 weights a block, lived for some weeks of the first layout.

Source: ggml.c as llama-cpp-python 0.1.23, 0.1.38, 0.1.48 and 0.1.50 carry it.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, fifth_bits, half, nibbles


def _single(data: Bytes, start: int) -> Floats:
    """Return the 32-bit float at byte ``start`` of each block: (n, bytes) -> (n, 1)."""
    return np.ascontiguousarray(data[:, start : start + 4]).view("<f4")


def _signed(q: Bytes, middle: int) -> Floats:
    return (q.astype(np.int8) - np.int8(middle)).astype(np.float32)


def _q4_0_pairs(data: Bytes) -> Floats:
    return _single(data, 0) * _signed(nibbles(data[:, 4:], 1), 8)


def _q4_1_pairs(data: Bytes) -> Floats:
    return _single(data, 0) * nibbles(data[:, 8:], 1).astype(np.float32) + _single(data, 4)


def _q4_2(data: Bytes) -> Floats:
    return half(data, 0) * _signed(nibbles(data[:, 2:], 1), 8)


def _q4_3(data: Bytes) -> Floats:
    return half(data, 0) * nibbles(data[:, 4:], 1).astype(np.float32) + half(data, 2)


def _q5_0_pairs(data: Bytes) -> Floats:
    return half(data, 0) * _signed(nibbles(data[:, 6:], 1) | fifth_bits(data[:, 2:6]), 16)


def _q5_1_pairs(data: Bytes) -> Floats:
    q = nibbles(data[:, 8:], 1) | fifth_bits(data[:, 4:8])
    return half(data, 0) * q.astype(np.float32) + half(data, 2)


def _q4_0_single(data: Bytes) -> Floats:
    return _single(data, 0) * _signed(nibbles(data[:, 4:], 16), 8)


def _q4_1_single(data: Bytes) -> Floats:
    return _single(data, 0) * nibbles(data[:, 8:], 16).astype(np.float32) + _single(data, 4)


def _q8_0_single(data: Bytes) -> Floats:
    return _single(data, 0) * data[:, 4:].view(np.int8).astype(np.float32)


Q4_0_PAIRS = BlockType("Q4_0 of ggjt 1", None, 32, 20, _q4_0_pairs)
Q4_1_PAIRS = BlockType("Q4_1 of ggjt 1", None, 32, 24, _q4_1_pairs)
Q4_2 = BlockType("Q4_2", None, 16, 10, _q4_2)
Q4_3 = BlockType("Q4_3", None, 16, 12, _q4_3)
Q5_0_PAIRS = BlockType("Q5_0 of ggjt 1", None, 32, 22, _q5_0_pairs)
Q5_1_PAIRS = BlockType("Q5_1 of ggjt 1", None, 32, 24, _q5_1_pairs)
Q4_0_SINGLE = BlockType("Q4_0 of ggjt 2", None, 32, 20, _q4_0_single)
Q4_1_SINGLE = BlockType("Q4_1 of ggjt 2", None, 32, 24, _q4_1_single)
Q8_0_SINGLE = BlockType("Q8_0 of ggjt 2", None, 32, 36, _q8_0_single)
