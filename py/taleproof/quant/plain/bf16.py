# SPDX-License-Identifier: Apache-2.0
"""BF16: the upper half of a 32-bit float, 2 bytes each."""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats


def _decode(data: Bytes) -> Floats:
    upper = np.ascontiguousarray(data).view("<u2").astype(np.uint32)
    return (upper << np.uint32(16)).view(np.float32)


BF16 = BlockType("BF16", 30, 1, 2, _decode, ((0, 2, 1),), activations=32)
