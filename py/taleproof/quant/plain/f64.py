# SPDX-License-Identifier: Apache-2.0
"""F64: double precision, 8 bytes each, rounded to float32."""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats


def _decode(data: Bytes) -> Floats:
    return np.ascontiguousarray(data).view("<f8").astype(np.float32)


F64 = BlockType("F64", 28, 1, 8, _decode, ((0, 8, 1),))
