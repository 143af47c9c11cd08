# SPDX-License-Identifier: Apache-2.0
"""Q5_0: 32 weights in 22 bytes. w = d * (q - 16).

f16 scale d; 32 fifth bits; 16 bytes of nibbles, where elements 0-15 are the low and 16-31 the high ones.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, fifth_bits, half, nibbles


def _decode(data: Bytes) -> Floats:
    d = half(data, 0)  # (n, 1)
    q = nibbles(data[:, 6:], 16) | fifth_bits(data[:, 2:6])  # (n, 32)
    return d * (q.astype(np.int8) - np.int8(16)).astype(np.float32)


Q5_0 = BlockType("Q5_0", 6, 32, 22, _decode, ((0, 2, 1),), activations=8)
