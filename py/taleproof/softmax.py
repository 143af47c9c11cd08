"""Softmax over a vocabulary: logits come in, probabilities or the sum behind them go out.

NumpySoftmax is the truth; ArenaSoftmax has the kernels do the same, to the bit, some ten times as fast. exp is
`numerics.exp32` and sums run from the first element to the last, so that every machine has the same result. Logits that
are not finite are the caller's to refuse.
"""

import struct
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .arena import Arena
from .numerics import exp32


Floats = NDArray[np.float32]


class Softmax(Protocol):
    """What sampling and log-probabilities need."""

    def probabilities(self, logits: Floats) -> Floats:
        """Return the probabilities (n,) of logits (n,): exp of the distance to the largest, divided by their sum."""
        ...

    def power_sum(self, logits: Floats) -> float:
        """Return the sum of exp of the distances to the largest, added up in float64."""
        ...


class NumpySoftmax:
    """Softmax in NumPy."""

    def probabilities(self, logits: Floats) -> Floats:
        """Return the probabilities (n,) of logits (n,)."""
        powers = exp32(logits - logits.max())
        probabilities: Floats = powers / np.add.accumulate(powers)[-1]
        return probabilities

    def power_sum(self, logits: Floats) -> float:
        """Return the sum of exp of the distances to the largest."""
        return float(np.add.accumulate(exp32(logits - logits.max()), dtype=np.float64)[-1])


class ArenaSoftmax:
    """Softmax by the kernels (kernels/softmax.c), on a buffer of their arena.

    Parameters
    ----------
    size : the most logits that it will be given.
    """

    def __init__(self, arena: Arena, size: int) -> None:
        self._arena = arena
        self._logits = arena.allocate(4 * (size + 3))
        self._sum = arena.allocate(8)

    def probabilities(self, logits: Floats) -> Floats:
        """Return the probabilities (n,) of logits (n,)."""
        self._arena.write(self._logits, logits.data.cast("B"))
        self._arena.call("probabilities", self._logits, logits.size)
        return np.frombuffer(self._arena.read(self._logits, 4 * logits.size), np.float32)

    def power_sum(self, logits: Floats) -> float:
        """Return the sum of exp of the distances to the largest."""
        self._arena.write(self._logits, logits.data.cast("B"))
        self._arena.call("power_sum", self._logits, logits.size, self._sum)
        (total,) = struct.unpack("<d", self._arena.read(self._sum, 8))
        return float(total)


NUMPY_SOFTMAX = NumpySoftmax()
