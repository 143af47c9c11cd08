# SPDX-License-Identifier: Apache-2.0
"""IQ1_S: 256 weights in 50 bytes. w = d * (2 * scale + 1) * (grid + delta), a scale and a delta for each 32.

f16 d; 32 bytes with the lower eight bits of a row of the grid for each eight weights; 8 numbers of 16 bits, one for
each 32 weights: four times the upper three bits of a row, three bits of scale, and the sign of delta, an eighth.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half
from taleproof.quant.iq.grid import grid


DELTA = np.float32(0.125)

GRID = grid(
    (-1, 0, 1),
    8,
    """
    VSUUhaACQlEIRTGohiCKohoIKiAUhVAUgiBERSUVBaACgiCIGAAIgqADKqCIu6oKkKoLACIACqqMgqAIQFEIRSGIgFAUQlEIijAImKAIgCoIRSEU
    hSBIQlUIRQEswqAgiiYAKiSoqqII4q8ICCgoAKACQiiqKCCogCAKmwi5uqggyq6Joq6qOnzr6rq7gg64IrrK0w6SAiIAIiCoiroKggIIACpK4KI7
    IiArogCBQIGqiigIIgEUhVAVgiAJRSFUhaAIAiOoOiCEgiBUQlEIoiAIlVAUAioIuKiCgKBIAiAIgqJoogIoqyoIhSAIgjAIRUAARSEUhaAAQlEA
    RQEpggCKgioIoTAUBVAUgigIRSEUhSACAiCqKgAgErGKriiouqGqqHAAggoIAigiAoQAggBIgKDqsCqqwiCLuiLq2qeLi26okrAqqnKLikQMKiBI
    hEAoiioIqiDIzKIioq+aoOioAgACACqoiAAggKCLoqIouqCAgjIKur64uv7roqArogiKCijqogChMgIM+qTq3u8rqC6Nvn7r+vd/v+Z9ut5p+yf/
    vyb6EunhiiIQqr4OhKoIsqgLgq7/uiTpg4AEYixo8qgKpCsAAioICOKqEgACgioKpiDJgomQgigAogCMgBMAgggIAGyKqqq7Aqa+iqDKAoBrly7Q
    sukQghAuqt4oFdGlBAAKggCKgiAIAaEggqo5uiIyhKAJgBgAiqJiAoEURFEARSGsglAUQlEIqiAoqocKEioIRSEUBaAIQlEIRQEgAqBAoiIAiAAI
    oghqim64qqqAACAKguLIIiEIRFAUQlEJiiAVhVAUhgoIqioqgAAKQlEIRSGoAFAUQlEI4iCIggoYgioIqqKqirCLAgoqqiAogoCqCigIKACpiAIi
    oL4LKLgIirpLsq7/uqT4rqogUihotqAw5oAKAigIImpigCAKAqqqK6rqoqmgoggIECCgiiIAgg4ARSEUhaAKQFEIRSGpBgBKqgIIpQAQDUQUgigI
    RSEUBQAIgoKs8iAAAACqCigKuiDqogIAgkgJKOkUABFLRVEARQGoAlAUQlEIiCQIiCgKQAgARQEUBaACQFEIRQE=
    """,
)  # (2048, 8)

_SHIFTS = np.array([0, 3, 6, 9], np.uint16)


def _decode(data: Bytes) -> Floats:
    n = len(data)
    words = np.ascontiguousarray(data[:, 34:]).view("<u2")  # (n, 8)
    upper = (words[:, :, np.newaxis] >> _SHIFTS) & np.uint16(7)  # (n, 8, 4)
    rows = data[:, 2:34].reshape(n, 8, 4) | (upper << np.uint16(8))
    scale = half(data, 0) * (2 * (words >> np.uint16(12) & np.uint16(7)) + 1).astype(np.float32)  # (n, 8)
    delta = np.where(words >> np.uint16(15), -DELTA, DELTA)  # (n, 8)
    return (scale.reshape(n, 8, 1, 1) * (GRID[rows] + delta.reshape(n, 8, 1, 1))).reshape(n, SUPER_BLOCK)


IQ1_S = BlockType("IQ1_S", 19, SUPER_BLOCK, 50, _decode, ((0, 2, 1), (34, 2, 8)))
