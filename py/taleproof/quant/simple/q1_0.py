# SPDX-License-Identifier: Apache-2.0
"""Q1_0: 128 weights in 18 bytes. w = d where the weight's bit is set, -d where it is not.

f16 d; 16 bytes of bits, the lowest of a byte first.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, half


def _decode(data: Bytes) -> Floats:
    d = half(data, 0)  # (n, 1)
    return np.where(np.unpackbits(data[:, 2:], axis=1, bitorder="little"), d, -d)


Q1_0 = BlockType("Q1_0", 41, 128, 18, _decode, ((0, 2, 1),))
