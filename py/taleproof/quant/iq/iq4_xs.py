# SPDX-License-Identifier: Apache-2.0
"""IQ4_XS: 256 weights in 136 bytes. w = d * (scale - 32) * VALUES[q], the values of IQ4_NL, one scale for each 32.

f16 d; 16 bits with the upper two of each of the 8 scales; 4 bytes with their lower four as nibbles; 128 bytes of
nibbles q, where 16 bytes hold 32 weights, the low nibbles first.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half, nibbles
from taleproof.quant.iq.iq4_nl import VALUES


_SHIFTS = np.arange(0, 16, 2, dtype=np.uint16)


def _decode(data: Bytes) -> Floats:
    n = len(data)
    upper = (np.ascontiguousarray(data[:, 2:4]).view("<u2") >> _SHIFTS) & np.uint16(3)  # (n, 8)
    scale = nibbles(data[:, 4:8], 1) | (upper.astype(np.uint8) << np.uint8(4))  # (n, 8)
    signed = (scale.astype(np.int8) - np.int8(32)).astype(np.float32)
    weights = VALUES[nibbles(data[:, 8:], 16)].reshape(n, 8, 32)
    return ((half(data, 0) * signed).reshape(n, 8, 1) * weights).reshape(n, SUPER_BLOCK)


IQ4_XS = BlockType("IQ4_XS", 23, SUPER_BLOCK, 136, _decode, ((0, 2, 2),), activations=16)
