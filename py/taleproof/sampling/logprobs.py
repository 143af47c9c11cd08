# SPDX-License-Identifier: Apache-2.0
"""How likely the model thought a token: logits come in, natural logarithms of probabilities go out.

exp and log are built from IEEE additions, multiplications and divisions in a fixed order, sums run from the first
element to the last in float64, so that the result is the same on every machine. It is within 1e-6 of the true value
for the logits given, and is rounded to 6 decimals, which is what a JSON output shows.
"""

import math

import numpy as np
from numpy.typing import NDArray

from taleproof.sampling.softmax import power_sum


DECIMALS = 6

_LN2 = 0.6931471805599453
_SQRT_HALF = 0.7071067811865476
_SERIES_TERMS = 12  # of atanh on |s| <= 0.1716: the first term left out is below 2e-20


def log64(x: float) -> float:
    """Return the natural logarithm of a positive float64, within 2 units in the last place, the same everywhere.

    x is split into m * 2**e with m from sqrt(1/2) to sqrt(2), exactly; log(m) = 2 atanh((m - 1) / (m + 1)).
    """
    mantissa, exponent = math.frexp(x)
    if mantissa < _SQRT_HALF:
        mantissa, exponent = mantissa * 2.0, exponent - 1
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    series = 0.0
    for k in range(_SERIES_TERMS - 1, -1, -1):
        series = series * square + 1.0 / (2 * k + 1)
    return 2.0 * s * series + exponent * _LN2


def log_probability(logit: float, largest: float, total: float) -> float:
    """Return a token's log-probability, rounded to 6 decimals.

    Parameters
    ----------
    logit, largest : the token's logit and the largest one.
    total : the sum of exp of all logits' distances to the largest.
    """
    return round(logit - largest - log64(total), DECIMALS)


class LogProbabilities:
    """The logarithms of the softmax of logits, float32 (vocab,), for the few ids that are asked for."""

    def __init__(self, logits: NDArray[np.float32]) -> None:
        self._logits = logits
        self._largest = float(logits.max())
        self._total = power_sum(logits)

    def of(self, token: int) -> float:
        """Return a token's log-probability, rounded to 6 decimals."""
        return log_probability(float(self._logits[token]), self._largest, self._total)
