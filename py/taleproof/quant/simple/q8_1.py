# SPDX-License-Identifier: Apache-2.0
"""Q8_1: 32 weights in 36 bytes. w = d * q.

f16 d; f16 with d times the sum of the q, which a product needs and a weight does not; 32 signed bytes q. ggml makes it
of activations. The gguf package counts 40 bytes, of a time when both numbers were float32.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats, half


def _decode(data: Bytes) -> Floats:
    return half(data, 0) * data[:, 4:].view(np.int8).astype(np.float32)


Q8_1 = BlockType("Q8_1", 9, 32, 36, _decode, ((0, 2, 2),))
