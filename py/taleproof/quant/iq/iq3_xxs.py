# SPDX-License-Identifier: Apache-2.0
"""IQ3_XXS: 256 weights in 98 bytes. w = d * (scale + 1/2) / 2 * grid * sign, a scale for each 32.

f16 d; 64 bytes with a row of the grid for each four weights; 8 times 32 bits with the signs of 32 weights and, in the
highest four, their scale.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half
from taleproof.quant.iq.grid import grid, signs_and_scales


VALUES = (4, 12, 20, 28, 36, 44, 52, 62)

GRID = grid(
    VALUES,
    4,
    """
    FYoFAgQAACgKBSIFAhAAARUCBYoAggAgggUgAAAAAAEACACAEIAAKIIAAAQABAAAAAAAIAAAEAAAUQAACAACAAoFChWAAQAABQIFAAAAAAAKBQIB
    AAAABAUAAQJAAEAAIgAAAAABAAAAABEAQAAAAiAAAAAAAAAAAAAEAAEAAAAFCkUCBAAAACoFAgEAAIgBBYIFgAEgAAACEQAAAAAAEQAAACAACAAA
    CACAAAIAABAAAAAAAAAAAApAAAAgAAAAAgUKAAABIAQFAAECUAAAAAoBIAAABAAEAAIACAAAAAAAAAABgAAABEEABAAAIAAAABAAQAAACAAAAAAI
    AAABABCAAKAAiAAAAAAAAAAAABAAAAGAAQBBAIAAAAAgAAAAEAAAAAACEAAAACAACAAAAQAAAAAAAAAAIAUAAQAAAAAABAAAAgAAAUEAQAAAIAAA
    ABAABAAAAAQEAAAAAAgAAAABiAAAAAAEBAAAAgAAAAAAAAAAAAEAAAAAEAAEAAAAAAAQAFAAEAAAAAIAAAACAACAAAAAABAAAAAAQQAAAAAAAAAA
    EAAAACAAAAAABAAAAAAACAAAAAAIAAIAAAAAAKgBAAQABAAAAABAAAEAAAAABAAAIAQAAAEgAAgAAAEAAAACAAIAAAAFABAAAAAAAAAAAAEAAAAA
    AAAAAAAAAAA=
    """,
)  # (256, 4)


def _decode(data: Bytes) -> Floats:
    n = len(data)
    signs, scales = signs_and_scales(data[:, 66:])
    scale = half(data, 0) * (np.float32(0.5) + scales) * np.float32(0.5)  # (n, 8)
    weights = scale.reshape(n, 8, 1, 1) * GRID[data[:, 2:66]].reshape(n, 8, 4, 8)
    return (weights * signs).reshape(n, SUPER_BLOCK)


IQ3_XXS = BlockType("IQ3_XXS", 18, SUPER_BLOCK, 98, _decode, ((0, 2, 1),))
