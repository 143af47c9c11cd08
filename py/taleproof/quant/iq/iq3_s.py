# SPDX-License-Identifier: Apache-2.0
"""IQ3_S: 256 weights in 110 bytes. w = d * (2 * scale + 1) * grid * sign, a scale for each 32.

f16 d; 64 bytes with the lower eight bits of a row of the grid for each four weights; 8 bytes with their ninth bits; 32
bytes of signs; 4 bytes with 8 scales as nibbles, the low ones first.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half, nibbles
from taleproof.quant.iq.grid import SIGNS, grid


VALUES = (1, 3, 5, 7, 9, 11, 13, 15)

GRID = grid(
    VALUES,
    4,
    """
    p1cjCKUKBZIXI4kiEAAiBKNJIhGkCgAJCCIFShAFgCIBiBIECQIAARQARQiiAEAIQAoAAgAEAAIVAEUIABEAABerBVIAUAIESxECCQIFAEEBpBEE
    CSABBJIJghECAAQBKBQACkQRAAACCQIFAAIAAAAAkQBQAAAACgUCIAIABAGrVYoFKgWAKQWJJBIEAgAAkgAKgQKIABIlAhQKBAFAAIIACSQCAAAk
    EAIEgAEIAAGFAAIAACACACACQAEIAQAABKoEKpQCCAIqEAoAAQABRAEEARQAAQAAAhGKAYogAAgIQgQCAAQRAAIFIAQQQAAIAEAAAAIAAAAKAAUg
    AAAAABEEkQQCAQABhAoEIQgiAAAKIQIIAYAEARAKBSIAAAAABQAQgAEAAAKgAAIAAAAEAAAIABAAAAEAACEAAQgCAAAEEQQAkQRAECoEAgQAAAAE
    AQIIQQAIAACEAYAAEAIgCBIAAQRAAAAAAARAAAAKAAAAAAAABAAAABQABAAAAAAAACoACgAAAQABAIEAAAAQAAAEABAEIAQBARACAAEAAAAAACAA
    CAAEAAkAABAAAAEAIAAAAAEAAAAACgAAAAAAAJEABUABEAQABAIQACgAAAASQQIBAAIAAAQAACQACAAAIggBAAABAAAAAAQABAAAAAQAAAIAAAAA
    AQAAAAAAAAA=
    """,
)  # (512, 4)


def _decode(data: Bytes) -> Floats:
    n = len(data)
    ninth = np.unpackbits(data[:, 66:74], axis=1, bitorder="little").astype(np.uint16)  # (n, 64)
    rows = data[:, 2:66] | (ninth << np.uint16(8))
    scale = half(data, 0) * (2 * nibbles(data[:, 106:], 1) + 1).astype(np.float32)  # (n, 8)
    weights = scale.reshape(n, 8, 1, 1) * GRID[rows].reshape(n, 8, 4, 8)
    return (weights * SIGNS[data[:, 74:106]].reshape(n, 8, 4, 8)).reshape(n, SUPER_BLOCK)


IQ3_S = BlockType("IQ3_S", 21, SUPER_BLOCK, 110, _decode, ((0, 2, 1),))
