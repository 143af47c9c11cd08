# SPDX-License-Identifier: Apache-2.0
"""Floating-point functions that give the same bits on every machine.

In come float32 arrays, out go float32 arrays. Everything is built from IEEE 754 additions, multiplications and
roundings, in a fixed order, because a platform's own ``exp`` differs from the next one's in the last bit. The kernels
(kernels/include/math.h) follow the same order of operations, so that both sides agree to the bit.
"""

import numpy as np
from numpy.typing import NDArray


NUMERICS_VERSION = 1
"""Raised whenever a change alters one bit of any logit, probability or sampled token."""

_LOG2_E = np.float32(1.4426950408889634)
_LN2_HIGH = np.float32(0.693359375)  # 355/512: n * _LN2_HIGH is exact for every n used here
_LN2_LOW = np.float32(-2.12194440e-4)
_EXP_SMALLEST = np.float32(-87.0)  # below, the result is 0: no denormals, which some processors handle slowly
_EXP_LARGEST = np.float32(88.0)
# The polynomial of Cephes' expf (S. L. Moshier): exp(r) = 1 + r + r^2 * p(r) on |r| <= ln(2)/2.
_EXP_COEFFICIENTS = tuple(
    np.float32(c)
    for c in (
        1.9875691500e-4,
        1.3981999507e-3,
        8.3334519073e-3,
        4.1665795894e-2,
        1.6666665459e-1,
        5.0000001201e-1,
    )
)


def exp32(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return e**x, within 2 units in the last place, the same bits everywhere.

    Parameters
    ----------
    x : float32 array of any shape. Below -87 the result is 0; above 88 it is exp(88).
    """
    clamped = np.minimum(np.maximum(x, _EXP_SMALLEST), _EXP_LARGEST)
    n: NDArray[np.float32] = np.rint(clamped * _LOG2_E)
    r = clamped - n * _LN2_HIGH
    r = r - n * _LN2_LOW
    p = np.full_like(r, _EXP_COEFFICIENTS[0])
    for coefficient in _EXP_COEFFICIENTS[1:]:
        p = p * r + coefficient
    y = (p * (r * r) + r) + np.float32(1.0)
    power = ((n.astype(np.int32) + np.int32(127)) << np.int32(23)).view(np.float32)
    result: NDArray[np.float32] = np.where(x < _EXP_SMALLEST, np.float32(0.0), y * power)
    return result
