# SPDX-License-Identifier: Apache-2.0
"""Q5_K: 256 weights in 176 bytes.

As Q4_K, with 32 bytes of fifth bits between the scales and the nibbles: bit k of byte j belongs to weight 32
k + j.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, nibbles
from taleproof.quant.k.q4_k import scales_and_minimums


_BITS = np.arange(8, dtype=np.uint8).reshape(8, 1)


def _decode(data: Bytes) -> Floats:
    n = len(data)
    scale, minimum = scales_and_minimums(data)
    fifth = (data[:, 16:48].reshape(n, 1, 32) >> _BITS) & np.uint8(1)  # (n, 8, 32)
    q = nibbles(data[:, 48:], 32).reshape(n, 8, 32) | (fifth << np.uint8(4))
    return (scale * q.astype(np.float32) - minimum).reshape(n, SUPER_BLOCK)


Q5_K = BlockType("Q5_K", 13, SUPER_BLOCK, 176, _decode, ((0, 2, 2),), activations=8)
