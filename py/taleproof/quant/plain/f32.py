# SPDX-License-Identifier: Apache-2.0
"""F32: the weights as they are, 4 bytes each."""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats


def _decode(data: Bytes) -> Floats:
    return np.ascontiguousarray(data).view("<f4").astype(np.float32)


F32 = BlockType("F32", 0, 1, 4, _decode, ((0, 4, 1),), activations=32)
