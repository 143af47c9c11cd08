# SPDX-License-Identifier: Apache-2.0
"""The two 8-bit floats of safetensors: E4M3 without infinities, and E5M2, the upper half of a 16-bit float.

Source: Micikevicius et al. 2022, "FP8 Formats for Deep Learning" (arXiv 2209.05433), table 1.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats


def _e4m3_table() -> Floats:
    """Return the value of every byte: (256,)."""
    code = np.arange(256)
    exponent, fraction = code >> 3 & 15, code & 7
    magnitude = np.where(exponent == 0, np.ldexp(fraction, -9), np.ldexp(8 + fraction, exponent - 10))
    magnitude[code & 127 == 127] = np.nan  # the only code that is no number; there are no infinities
    signed: Floats = np.where(code < 128, magnitude, -magnitude).astype(np.float32)
    return signed


_E4M3 = _e4m3_table()


def _decode_e4m3(data: Bytes) -> Floats:
    return _E4M3[data]


def _decode_e5m2(data: Bytes) -> Floats:
    return (data.astype("<u2") << 8).view("<f2").astype(np.float32)


F8_E4M3 = BlockType("F8_E4M3", None, 1, 1, _decode_e4m3)
F8_E5M2 = BlockType("F8_E5M2", None, 1, 1, _decode_e5m2)
