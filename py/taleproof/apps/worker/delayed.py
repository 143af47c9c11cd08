# SPDX-License-Identifier: Apache-2.0
"""A download's progress, reported so many times a second, whatever the number of its chunks."""

import asyncio
from collections.abc import Callable


REPORT_SECONDS = 0.1
"""How long a report waits for more to tell."""


class Delayed:
    """Reports progress a moment after it was due, once for all chunks of that moment: a report costs as much as one."""

    def __init__(self, report: Callable[[], None]) -> None:
        self._report = report
        self._timer: asyncio.TimerHandle | None = None

    def due(self) -> None:
        """See to it that what there is now is reported."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(REPORT_SECONDS, self._now)

    def cancel(self) -> None:
        """Report nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _now(self) -> None:
        self._timer = None
        self._report()
