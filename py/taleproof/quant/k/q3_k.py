# SPDX-License-Identifier: Apache-2.0
"""Q3_K: 256 weights in 110 bytes.

32 bytes of third bits (bit k of byte j belongs to weight 32 k + j; set means that 4 is NOT taken off); 64
bytes of 2-bit weights, laid out as in Q2_K; 12 bytes with 16 scales of 6 bits (the low four bits as nibbles
of the first 8 bytes, the high two in the last 4); f16 d. w = d * (scale - 32) * (q - (4 where the third bit
is clear)).
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half, nibbles


_SHIFTS = np.array([0, 2, 4, 6], np.uint8).reshape(4, 1)
_BITS = np.arange(8, dtype=np.uint8).reshape(8, 1)


def _decode(data: Bytes) -> Floats:
    n = len(data)
    packed = data[:, 96:108]
    high = (packed[:, 8:].reshape(n, 1, 4) >> _SHIFTS) & np.uint8(3)  # (n, 4, 4)
    scale = nibbles(packed[:, :8], 8) | (high.reshape(n, 16) << np.uint8(4))  # (n, 16)
    signed = (scale.astype(np.int8) - np.int8(32)).astype(np.float32)
    q = (data[:, 32:96].reshape(n, 2, 1, 32) >> _SHIFTS) & np.uint8(3)  # (n, 2, 4, 32)
    third = (data[:, :32].reshape(n, 1, 32) >> _BITS) & np.uint8(1)  # (n, 8, 32)
    less = (third ^ np.uint8(1)) << np.uint8(2)
    weights = q.reshape(n, 16, 16).astype(np.int8) - less.reshape(n, 16, 16).astype(np.int8)
    return ((half(data, 108) * signed).reshape(n, 16, 1) * weights.astype(np.float32)).reshape(n, SUPER_BLOCK)


Q3_K = BlockType("Q3_K", 11, SUPER_BLOCK, 110, _decode, ((108, 2, 1),), activations=8)
