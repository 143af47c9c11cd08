# SPDX-License-Identifier: Apache-2.0
"""Q5_1: 32 weights in 24 bytes. w = d * q + m.

f16 scale d; f16 minimum m; 32 fifth bits; 16 bytes of nibbles, elements 0-15 low and 16-31 high.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, fifth_bits, half, nibbles


def _decode(data: Bytes) -> Floats:
    d, m = half(data, 0), half(data, 2)  # (n, 1) each
    q = nibbles(data[:, 8:], 16) | fifth_bits(data[:, 4:8])  # (n, 32)
    return d * q.astype(np.float32) + m


Q5_1 = BlockType("Q5_1", 7, 32, 24, _decode, ((0, 2, 2),), activations=8)
