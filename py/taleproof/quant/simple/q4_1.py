# SPDX-License-Identifier: Apache-2.0
"""Q4_1: 32 weights in 20 bytes. w = d * q + m.

f16 scale d; f16 minimum m; 16 bytes of nibbles q, where elements 0-15 are the low and 16-31 the high ones.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, half, nibbles


def _decode(data: Bytes) -> Floats:
    d, m = half(data, 0), half(data, 2)  # (n, 1) each
    q = nibbles(data[:, 4:], 16)  # (n, 32)
    return d * q.astype(np.float32) + m


Q4_1 = BlockType("Q4_1", 3, 32, 20, _decode, ((0, 2, 2),), activations=8)
