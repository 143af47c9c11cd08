# SPDX-License-Identifier: Apache-2.0
"""The arena: one flat memory with the kernels beside it, where weights, KV cache and scratch live.

In come sizes and bytes, out go offsets; a kernel is called by its name with offsets and numbers. What does not fit is
refused with OutOfMemoryError. The browser's arena is in browser.py, CPython's in wasmtime.py; both share the
bump allocator here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from taleproof.errors import OutOfMemoryError


PAGE = 65536
"""Bytes of a WebAssembly page (WebAssembly core specification, 4.2.8)."""

MAX_BYTES = 1 << 32
"""What 32-bit addresses reach."""

ALIGNMENT = 64
"""Bytes of a cache line: no buffer shares its first line with another."""

Buffer = bytes | bytearray | memoryview


class Arena(Protocol):
    """Memory and kernels, as the engine sees them."""

    @property
    def build(self) -> str:
        """Which build of the kernels this is: ``relaxed`` or ``baseline``. Both give the same bits."""
        ...

    @property
    def threads(self) -> int:
        """How many threads there are; the bits do not depend on how many are used."""
        ...

    @property
    def threads_asked(self) -> int:
        """How many of them the person wants; 0 for as many as are fastest, which the engine finds out."""
        ...

    def allocate(self, nbytes: int) -> int:
        """Return the offset of ``nbytes`` fresh bytes, aligned to ALIGNMENT; OutOfMemoryError if there are none."""
        ...

    def write(self, offset: int, data: Buffer) -> None:
        """Copy bytes into the arena."""
        ...

    def read(self, offset: int, nbytes: int) -> bytes:
        """Return a copy of bytes of the arena."""
        ...

    def call(self, kernel: str, *arguments: int | float) -> int:
        """Run an exported kernel; kernels that return nothing return 0."""
        ...

    def run(self, program: int, count: int, step: int, threads: int) -> None:
        """Run ``count`` instructions from the address ``program`` for the step at ``step``, on so many threads."""
        ...


class ReusableArena(Arena, Protocol):
    """An arena of which parts are taken back."""

    def has_room(self, nbytes: int) -> bool:
        """Say whether so many bytes could be allocated, without taking or touching them."""
        ...

    def mark(self) -> int:
        """Return a place to which ``release`` can go back."""
        ...

    def release(self, mark: int) -> None:
        """Take back everything allocated since ``mark``, and clear it: fresh bytes are always zero."""
        ...


class BumpAllocator:
    """Hands out addresses upwards from ``start``; nothing is ever given back before the whole arena is.

    Parameters
    ----------
    ensure : makes the memory at least so many bytes long, whole pages; False where that is refused. A memory never
        shrinks, so nothing is asked for that is not needed, and after a refusal everything is as it was.
    limit : bytes that the memory may have at most.
    """

    def __init__(self, start: int, ensure: Callable[[int], bool], limit: int = MAX_BYTES) -> None:
        self.top = start
        self.limit = limit
        self._ensure = ensure

    def take(self, nbytes: int) -> int:
        """Return the offset of ``nbytes`` more; OutOfMemoryError, with nothing changed, where there are none."""
        offset = -(-self.top // ALIGNMENT) * ALIGNMENT
        end = offset + nbytes
        size = -(-end // PAGE) * PAGE
        if size > self.limit:
            raise OutOfMemoryError(nbytes, self.top, self.limit)
        if not self._ensure(size):
            raise OutOfMemoryError(nbytes, self.top)
        self.top = end
        return offset

    def has_room(self, nbytes: int) -> bool:
        """Say whether there are so many bytes; the memory is then long enough for them, and none is handed out."""
        before = self.top
        try:
            self.take(nbytes)
        except OutOfMemoryError:
            return False
        self.top = before
        return True


@dataclass(frozen=True, slots=True)
class ArenaFloats:
    """Floats where they lie in the arena, as long as nothing is written over them."""

    arena: Arena
    offset: int
    size: int

    def tobytes(self) -> bytes:
        """Return a copy of their bytes, little-endian."""
        return self.arena.read(self.offset, 4 * self.size)


class ArenaBlob:
    """A file's bytes where they lie in the arena, for the parsers."""

    def __init__(self, arena: Arena, offset: int, size: int, name: str) -> None:
        self.name = name
        self.size = size
        self._arena = arena
        self._offset = offset

    def read(self, offset: int, length: int) -> bytes:
        """Return a copy: the parsers ask for a window of the header at a time."""
        return self._arena.read(self._offset + offset, length)
