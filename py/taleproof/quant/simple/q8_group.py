# SPDX-License-Identifier: Apache-2.0
"""Groups of llama2.c's version 2: n signed bytes q and an f32 scale s. w = s * q.

The file keeps all the bytes of a tensor before all its scales; formats/decode.py brings each group together
before it comes here. GGUF has no number for it.
"""

import numpy as np

from taleproof.quant.block import BlockType, Bytes, Floats


def q8_group(size: int) -> BlockType:
    """Return the block type of groups of ``size`` weights, named "Q8_GROUP<size>"."""

    def decode(data: Bytes) -> Floats:
        scales = np.ascontiguousarray(data[:, size:]).view("<f4")  # (n, 1)
        weights: Floats = data[:, :size].view(np.int8).astype(np.float32) * scales
        return weights

    return BlockType(f"Q8_GROUP{size}", None, size, size + 4, decode)
