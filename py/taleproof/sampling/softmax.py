# SPDX-License-Identifier: Apache-2.0
"""Softmax over a vocabulary: logits come in, probabilities or the sum behind them go out.

exp is `numerics.exp32` and sums run from the first element to the last (``np.add.accumulate``, never ``np.sum``, whose
order depends on the machine), so that every machine has the same result. Logits that are not finite are the caller's to
refuse.
"""

import numpy as np
from numpy.typing import NDArray

from taleproof.nn.numerics import exp32


Floats = NDArray[np.float32]


def probabilities(logits: Floats) -> Floats:
    """Return the probabilities (n,) of logits (n,): exp of the distance to the largest, divided by their sum."""
    powers = exp32(logits - logits.max())
    result: Floats = powers / np.add.accumulate(powers)[-1]
    return result


def power_sum(logits: Floats) -> float:
    """Return the sum of exp of the distances to the largest, added up in float64."""
    return float(np.add.accumulate(exp32(logits - logits.max()), dtype=np.float64)[-1])
