# SPDX-License-Identifier: Apache-2.0
"""What Stop may break into while the worker is busy in Python and hears no message.

The page writes the number of SIGINT into shared memory, and Pyodide calls the handler of that signal between two
instructions. In comes that signal; out goes a KeyboardInterrupt, but only inside ``with interrupts:``. Anywhere else
the signal is dropped: a download or the browser's storage must not be left half done, and hears of Stop by itself.
"""

import signal
from types import FrameType, TracebackType


class Interrupts:
    """A context in which SIGINT raises KeyboardInterrupt. It takes over the process's handler, once and for good."""

    def __init__(self) -> None:
        self._welcome = False
        signal.signal(signal.SIGINT, self._interrupted)

    def _interrupted(self, _signum: int, _frame: FrameType | None) -> None:
        if self._welcome:
            self._welcome = False
            raise KeyboardInterrupt

    def __enter__(self) -> None:
        self._welcome = True

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._welcome = False
