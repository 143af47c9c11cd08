# SPDX-License-Identifier: Apache-2.0
"""Q2_K: 256 weights in 84 bytes.

16 bytes: of each 16 weights a 4-bit scale (low) and minimum (high); 64 bytes of 2-bit weights, where 32 bytes
hold 128 weights and the bit pairs 0, 2, 4, 6 are the 32 weights each in turn; f16 d; f16 dmin. w = d * scale
* q - dmin * minimum.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half


_SHIFTS = np.array([0, 2, 4, 6], np.uint8).reshape(4, 1)


def _decode(data: Bytes) -> Floats:
    n = len(data)
    packed = data[:, :16]
    scale = (half(data, 80) * (packed & np.uint8(15)).astype(np.float32)).reshape(n, 16, 1)
    minimum = (half(data, 82) * (packed >> np.uint8(4)).astype(np.float32)).reshape(n, 16, 1)
    q = (data[:, 16:80].reshape(n, 2, 1, 32) >> _SHIFTS) & np.uint8(3)  # (n, 2, 4, 32)
    return (scale * q.reshape(n, 16, 16).astype(np.float32) - minimum).reshape(n, SUPER_BLOCK)


Q2_K = BlockType("Q2_K", 10, SUPER_BLOCK, 84, _decode, ((80, 2, 2),), activations=8)
