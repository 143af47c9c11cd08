# SPDX-License-Identifier: Apache-2.0
"""Q4_K: 256 weights in 144 bytes.

f16 d; f16 dmin; 12 bytes with 8 scales and 8 minimums of 6 bits; 128 bytes of nibbles, where 32 bytes hold 64
weights, the low nibbles first. w = d * scale * q - dmin * minimum, one scale and minimum for each 32 weights.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half, nibbles


def scales_and_minimums(data: Bytes) -> tuple[Floats, Floats]:
    """Unpack what Q4_K and Q5_K keep in their first 16 bytes.

    The low 6 bits of bytes 0-3 are scales 0-3 and of bytes 4-7 minimums 0-3; the other four of each have
    their low 4 bits in the nibbles of bytes 8-11 (scale low, minimum high) and their high 2 bits on top of
    bytes 0-3 and 4-7.

    Parameters
    ----------
    data : uint8 (n, 16 or more), beginning with d, dmin and the 12 bytes.

    Returns
    -------
    d * scale and dmin * minimum : float32 (n, 8, 1) each
    """
    a, b, c = data[:, 4:8], data[:, 8:12], data[:, 12:16]  # (n, 4) each
    scale = np.concatenate([a & 63, (c & 15) | ((a >> 2) & 48)], axis=1)
    minimum = np.concatenate([b & 63, (c >> 4) | ((b >> 2) & 48)], axis=1)
    n = len(data)
    return (
        (half(data, 0) * scale.astype(np.float32)).reshape(n, 8, 1),
        (half(data, 2) * minimum.astype(np.float32)).reshape(n, 8, 1),
    )


def _decode(data: Bytes) -> Floats:
    n = len(data)
    scale, minimum = scales_and_minimums(data)
    q = nibbles(data[:, 16:], 32).reshape(n, 8, 32)
    return (scale * q.astype(np.float32) - minimum).reshape(n, SUPER_BLOCK)


Q4_K = BlockType("Q4_K", 12, SUPER_BLOCK, 144, _decode, ((0, 2, 2),), activations=8)
