# SPDX-License-Identifier: Apache-2.0
"""NVFP4: 64 weights in 36 bytes. w = scale / 2 * VALUES[q], the values of MXFP4, a scale for each 16.

4 bytes of scales, floats of four exponent and three mantissa bits whose sign is not used; 32 bytes of nibbles q, where
8 bytes hold 16 weights, the low nibbles first. The scale of all ones, which is no number, counts as zero.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, nibbles
from taleproof.quant.fp4.mxfp4 import VALUES


def _half_scales() -> Floats:
    """Return half the scale of every byte: (256,)."""
    code = np.arange(256)
    exponent, fraction = code >> 3 & 15, code & 7
    halved: Floats = np.where(exponent == 0, np.ldexp(fraction, -10), np.ldexp(8 + fraction, exponent - 11)).astype(
        np.float32
    )
    halved[0x7F] = 0
    return halved


_HALF_SCALES = _half_scales()


def _decode(data: Bytes) -> Floats:
    n = len(data)
    weights = VALUES[nibbles(data[:, 4:], 8)].reshape(n, 4, 16)
    return (_HALF_SCALES[data[:, :4]].reshape(n, 4, 1) * weights).reshape(n, 64)


NVFP4 = BlockType("NVFP4", 40, 64, 36, _decode)
