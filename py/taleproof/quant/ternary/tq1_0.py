# SPDX-License-Identifier: Apache-2.0
"""TQ1_0: 256 weights in 54 bytes. w = d * (q - 1), q in 0..2.

48 bytes of five q each: 32 bytes hold the first 160 weights, 16 the next 80, digit by digit, as in TQ2_0; 4 bytes of
four q each hold the last 16; f16 d. A byte is a fraction, byte / 256 = 0.q1 q2 q3 q4 q5 to the base of three: times
three, the part before the point is the next digit.
"""

import numpy as np

from taleproof.quant.block import SUPER_BLOCK, BlockType, Bytes, Floats, half


_POWERS = np.array([1, 3, 9, 27, 81], np.uint8).reshape(5, 1)


def _digits(data: Bytes, count: int) -> Bytes:
    """Return the first ``count`` digits of each byte, all first ones before all second ones: (n, b) -> (n, count b)."""
    rest = data[:, np.newaxis, :] * _POWERS[:count]  # (n, count, b); what is before the point falls off
    digits = (rest.astype(np.uint16) * np.uint16(3)) >> np.uint16(8)
    return digits.astype(np.uint8).reshape(len(data), count * data.shape[1])


def _decode(data: Bytes) -> Floats:
    q = np.concatenate([_digits(data[:, :32], 5), _digits(data[:, 32:48], 5), _digits(data[:, 48:52], 4)], axis=1)
    return half(data, 52) * (q.astype(np.int8) - np.int8(1)).astype(np.float32)


TQ1_0 = BlockType("TQ1_0", 34, SUPER_BLOCK, 54, _decode, ((52, 2, 1),), activations=8)
