# SPDX-License-Identifier: Apache-2.0
"""MXFP4: 32 weights in 17 bytes. w = 2^(e - 128) * VALUES[q].

One byte e, an exponent without sign or mantissa (E8M0); 16 bytes of nibbles q, where elements 0-15 are the low and
16-31 the high ones. A nibble is a float of one sign, two exponent and one mantissa bit; VALUES are their doubles,
which are integers (OCP Microscaling Formats 1.0, section 5.3.3).
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, nibbles


VALUES = np.array([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], np.float32)


def _decode(data: Bytes) -> Floats:
    d = np.ldexp(np.float32(1), data[:, :1].astype(np.int32) - 128)  # (n, 1); exact down to the subnormal 2^-128
    return d * VALUES[nibbles(data[:, 1:], 16)]


MXFP4 = BlockType("MXFP4", 39, 32, 17, _decode, activations=8)
