# SPDX-License-Identifier: Apache-2.0
"""Q8_K: 256 weights in 292 bytes. w = d * q.

f32 d; 256 signed bytes q; 16 sums of 16 q each, of 16 bits, which a product needs and a weight does not. ggml makes it
of activations.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats


def _decode(data: Bytes) -> Floats:
    d = np.ascontiguousarray(data[:, :4]).view("<f4")  # (n, 1)
    weights: Floats = d * data[:, 4:260].view(np.int8).astype(np.float32)
    return weights


Q8_K = BlockType("Q8_K", 15, SUPER_BLOCK, 292, _decode, ((0, 4, 1), (260, 2, 16)))
