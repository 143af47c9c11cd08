# SPDX-License-Identifier: Apache-2.0
"""TQ2_0: 256 weights in 66 bytes. w = d * (q - 1).

64 bytes of 2-bit q, where 32 bytes hold 128 weights and the bit pairs 0, 2, 4, 6 are 32 weights each in turn; f16 d.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half


_SHIFTS = np.array([0, 2, 4, 6], np.uint8).reshape(4, 1)


def _decode(data: Bytes) -> Floats:
    q = (data[:, :64].reshape(len(data), 2, 1, 32) >> _SHIFTS) & np.uint8(3)  # (n, 2, 4, 32)
    return half(data, 64) * (q.reshape(len(data), SUPER_BLOCK).astype(np.int8) - np.int8(1)).astype(np.float32)


TQ2_0 = BlockType("TQ2_0", 35, SUPER_BLOCK, 66, _decode, ((64, 2, 1),), activations=8)
