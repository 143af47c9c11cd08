# SPDX-License-Identifier: Apache-2.0
"""IQ1_M: 256 weights in 56 bytes. w = d * (2 * scale + 1) * (grid + delta), the grid of IQ1_S.

32 bytes with the lower eight bits of a row of the grid for each eight weights; 16 bytes with, for each eight weights, a
nibble of the row's upper three bits and the sign of their delta; 8 bytes, four numbers of 16 bits, with 16 scales of
three bits, one for each 16 weights, and in the highest four bits of each a quarter of d, an f16.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, nibbles
from taleproof.quant.iq.iq1_s import DELTA, GRID


_SHIFTS = np.array([0, 3, 6, 9], np.uint16)


def _decode(data: Bytes) -> Floats:
    n = len(data)
    words = np.ascontiguousarray(data[:, 48:]).view("<u2")  # (n, 4)
    quarters = (words >> np.uint16(12)) << np.array([0, 4, 8, 12], np.uint16)
    d = np.bitwise_or.reduce(quarters, axis=1, keepdims=True).view("<f2").astype(np.float32)  # (n, 1)
    scales = (words[:, :, np.newaxis] >> _SHIFTS) & np.uint16(7)  # (n, 4, 4)
    scale = d * (2 * scales.reshape(n, 16) + 1).astype(np.float32)
    upper = nibbles(data[:, 32:48], 1)  # (n, 32)
    rows = data[:, :32] | ((upper & np.uint8(7)).astype(np.uint16) << np.uint16(8))
    delta = np.where(upper >> np.uint8(3), -DELTA, DELTA)  # (n, 32)
    shifted = GRID[rows] + delta[:, :, np.newaxis]  # (n, 32, 8)
    return (scale.reshape(n, 16, 1, 1) * shifted.reshape(n, 16, 2, 8)).reshape(n, SUPER_BLOCK)


IQ1_M = BlockType("IQ1_M", 29, SUPER_BLOCK, 56, _decode)
