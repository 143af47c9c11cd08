"""How many threads a step runs on: as many as have been fastest lately.

In come the times of steps, out goes a number of threads for the next one. On a machine that has its cores to spare that
is all of them; on one that is busy, whose threads would mostly wait for each other, it is one. The numbers that are not
used are tried again from time to time, more seldom the slower they were. What is computed does not depend on it.
"""

import time
from collections import deque
from collections.abc import Callable


REMEMBERED = 5
"""Times of which the median counts: a step that something else delayed says little."""

FIRST_TRIES = 3
"""Steps with each number of threads before any is preferred; the first ones also wait for the browser's compiler."""

STEPS_BETWEEN_TRIES = 24
"""Steps after which a number that was as fast as the best is tried again; the slower a number is, the longer it waits,
so that trying never takes more than a twentieth of the time."""


class Crew:
    """Chooses for steps of one kind.

    Parameters
    ----------
    most : how many threads there are. One, half of them and all of them are compared.
    clock : seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        counts = sorted({most, (most + 1) // 2, 1}, reverse=True)
        self._times = {count: deque[float](maxlen=REMEMBERED) for count in counts}
        self._idle = dict.fromkeys(counts, 0)  # steps since each was used

    def run(self, size: int, step: Callable[[int], None]) -> None:
        """Run a step.

        Parameters
        ----------
        size : how much it has to do, in any unit; times are compared for one of it.
        step : called with the number of threads.
        """
        count = self._choose()
        start = self._clock()
        step(count)
        self._times[count].append((self._clock() - start) / size)
        for other in self._idle:
            self._idle[other] += 1
        self._idle[count] = 0

    def _choose(self) -> int:
        if len(self._times) == 1:
            return next(iter(self._times))
        untried = min(self._times, key=lambda count: len(self._times[count]))
        if len(self._times[untried]) < FIRST_TRIES:
            return untried
        medians = {count: sorted(times)[len(times) // 2] for count, times in self._times.items()}
        best = min(medians, key=lambda count: medians[count])
        for count, median in medians.items():
            if self._idle[count] * medians[best] > STEPS_BETWEEN_TRIES * median:
                return count
        return best
