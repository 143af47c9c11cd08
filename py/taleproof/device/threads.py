# SPDX-License-Identifier: Apache-2.0
"""How many threads a step runs on: all, or one where all are slower.

In come the times of steps, out goes a number of threads for the next one. Where cores are busy with something else,
threads may wait for each other longer than they gain. So the one of the two that was faster lately is used, and the
other is tried again from time to time, more seldom the slower it is. What is computed does not depend on it.
"""

import time
from collections import deque
from collections.abc import Callable


REMEMBERED = 3
"""Times of which the median counts, so that one delayed step changes nothing."""

TRYING = 1 / 20
"""The share of the time that may be spent on trying the slower one."""


class ThreadPolicy:
    """Chooses the number of threads for steps of one kind.

    Parameters
    ----------
    max_threads : how many threads there are.
    clock : seconds.
    """

    def __init__(self, max_threads: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._times = {count: deque[float](maxlen=REMEMBERED) for count in (max_threads, 1)}
        self._credit = 0.0  # seconds that may be spent on trying the slower one

    def run(self, size: int, step: Callable[[int], None]) -> None:
        """Run a step.

        Parameters
        ----------
        size : how much it has to do, in any unit; times are compared for one of it.
        step : called with the number of threads.
        """
        faster, *slower = sorted(self._times, key=self._seconds)
        trying = bool(slower) and (not self._times[slower[0]] or self._credit > 0)
        count = slower[0] if trying else faster
        start = self._clock()
        step(count)
        seconds = self._clock() - start
        self._times[count].append(seconds / size)
        self._credit += -seconds if trying else TRYING * self._seconds(count) * size

    def _seconds(self, count: int) -> float:
        """The median of the times for one of a step's size, of two the lower; 0 where there are none yet."""
        times = sorted(self._times[count])
        return times[(len(times) - 1) // 2] if times else 0.0
