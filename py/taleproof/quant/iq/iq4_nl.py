# SPDX-License-Identifier: Apache-2.0
"""IQ4_NL: 32 weights in 18 bytes. w = d * VALUES[q].

f16 scale d; 16 bytes of nibbles q, where elements 0-15 are the low and 16-31 the high ones. The sixteen values stand
closer to each other near zero, where most weights are.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, half, nibbles


VALUES = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)


def _decode(data: Bytes) -> Floats:
    return half(data, 0) * VALUES[nibbles(data[:, 2:], 16)]


IQ4_NL = BlockType("IQ4_NL", 20, 32, 18, _decode, ((0, 2, 1),), activations=16)
