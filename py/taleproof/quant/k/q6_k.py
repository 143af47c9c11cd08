# SPDX-License-Identifier: Apache-2.0
"""Q6_K: 256 weights in 210 bytes.

128 bytes of low nibbles, where 64 bytes hold 128 weights, the low nibbles first; 64 bytes of upper bit pairs,
where 32 bytes hold 128 weights; 16 signed scales; f16 d. w = d * scale * (q - 32), one scale for each 16
weights.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half, nibbles


_SHIFTS = np.array([0, 2, 4, 6], np.uint8).reshape(4, 1)


def _decode(data: Bytes) -> Floats:
    n = len(data)
    scale = (half(data, 208) * data[:, 192:208].view(np.int8).astype(np.float32)).reshape(n, 16, 1)
    upper = (data[:, 128:192].reshape(n, 2, 1, 32) >> _SHIFTS) & np.uint8(3)  # (n, 2, 4, 32)
    q = nibbles(data[:, :128], 64) | (upper.reshape(n, SUPER_BLOCK) << np.uint8(4))
    weights = (q.astype(np.int8) - np.int8(32)).reshape(n, 16, 16)
    return (scale * weights.astype(np.float32)).reshape(n, SUPER_BLOCK)


Q6_K = BlockType("Q6_K", 14, SUPER_BLOCK, 210, _decode, ((208, 2, 1),), activations=8)
