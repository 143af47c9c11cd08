# SPDX-License-Identifier: Apache-2.0
"""Ends a command that does not end by itself: after Ctrl+C, and when a file takes far too long to open.

Python handles a signal only between two instructions, and a regular expression or a kernel may be one that lasts for
hours. So the command runs in a child process, and this one watches: in come signals, and the child's reports of what it
opens; out goes the exit code. Where there is no ``fork`` (Windows), the command runs by itself, unwatched.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


GRACE = 0.8
"""Seconds after Ctrl+C in which a command may clear up: it has to be over within one."""

OPENING_SECONDS = 30
OPENING_SECONDS_A_BYTE = 1e-6
"""What parsing and preparing a file may take, as in web/engine/rpc/stopping.ts: a hundred times what it does."""

PARTS = 30
"""Alarms that the time is counted by: however long a command is suspended, only one of them waits for it."""

INTERRUPTED = 130
FAILED = 2

_to_guard: int | None = None
"""Where the child reports to its guard what it opens."""


def guarded(run: Callable[[], int]) -> int:
    """Run a command in a child process; return its exit code."""
    if not hasattr(os, "fork"):
        return run()
    reader, writer = os.pipe()
    # A signal that comes between the fork and the guard's readiness for it waits for the latter.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    child = os.fork()
    if child == 0:
        global _to_guard
        os.close(reader)
        _to_guard = writer
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return run()
    os.close(writer)
    guard = _Guard(child)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return guard.watch(reader)


@contextmanager
def opening(name: str, nbytes: int) -> Iterator[None]:
    """Parse and prepare a file of ``nbytes`` bytes, within a time that its size allows where somebody watches."""
    _report(f"{OPENING_SECONDS + nbytes * OPENING_SECONDS_A_BYTE:.3f} {name.splitlines()[0] if name else name}")
    try:
        yield
    finally:
        _report("0 ")


def _report(line: str) -> None:
    if _to_guard is not None:
        os.write(_to_guard, f"{line}\n".encode(errors="replace"))


class _Guard:
    """Watches one child."""

    def __init__(self, child: int) -> None:
        self._child = child
        self._seconds, self._name = 0.0, ""
        self._parts_left = PARTS
        self._interrupted = False
        self._killed = False
        signal.signal(signal.SIGINT, self._on_interrupt)
        signal.signal(signal.SIGALRM, self._on_alarm)
        signal.signal(signal.SIGTERM, lambda *_: os.kill(self._child, signal.SIGTERM))

    def watch(self, reader: int) -> int:
        with open(reader, encoding="utf-8", errors="replace") as reports:
            for line in reports:
                seconds, _, name = line.rstrip("\n").partition(" ")
                self._seconds, self._name = float(seconds), name
                if not self._interrupted:
                    self._count_down(self._seconds)
        code = os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._interrupted and code < 0:
            return INTERRUPTED
        if self._killed:
            print(
                f"taleproof: {self._name} was not ready after {self._seconds:.0f} seconds, far more than a sound file "
                "of its size needs, so it was given up. Choose another file; if you trust this one, try again when "
                "this machine has less to do.",
                file=sys.stderr,
            )
            return FAILED
        return code if code >= 0 else 128 - code

    def _count_down(self, seconds: float) -> None:
        self._parts_left = PARTS
        signal.setitimer(signal.ITIMER_REAL, seconds / PARTS, seconds / PARTS)

    def _on_interrupt(self, _signum: int, _frame: FrameType | None) -> None:
        self._interrupted = True  # the terminal interrupts the child too
        self._count_down(GRACE)

    def _on_alarm(self, _signum: int, _frame: FrameType | None) -> None:
        self._parts_left -= 1
        if self._parts_left != 0:  # below: an alarm that was on its way already, whose child is perhaps no more
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._killed = True
        os.kill(self._child, signal.SIGKILL)
