# SPDX-License-Identifier: Apache-2.0
"""Q8_0: 32 weights in 34 bytes: f16 scale d, 32 signed bytes q. w = d * q."""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, half


def _decode(data: Bytes) -> Floats:
    return half(data, 0) * data[:, 2:].view(np.int8).astype(np.float32)


Q8_0 = BlockType("Q8_0", 8, 32, 34, _decode, ((0, 2, 1),), activations=16)
