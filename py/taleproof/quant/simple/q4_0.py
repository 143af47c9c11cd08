# SPDX-License-Identifier: Apache-2.0
"""Q4_0: 32 weights in 18 bytes. w = d * (q - 8).

f16 scale d; 16 bytes of nibbles q, where elements 0-15 are the low and 16-31 the high ones.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, half, nibbles


def _decode(data: Bytes) -> Floats:
    d = half(data, 0)  # (n, 1)
    q = nibbles(data[:, 2:], 16).astype(np.int8) - np.int8(8)  # (n, 32)
    return d * q.astype(np.float32)


Q4_0 = BlockType("Q4_0", 2, 32, 18, _decode, ((0, 2, 1),), activations=8)
