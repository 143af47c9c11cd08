# SPDX-License-Identifier: Apache-2.0
"""The browser's arena as the engine and the parsers see it.

In come the memory and the kernels that web/engine/memory/arena.ts made; out goes an Arena (arena.py) that also takes
chunks which JavaScript holds, without their passing through Python. What does not fit is refused with OutOfMemoryError.
"""

import hashlib
from typing import Any, Protocol

from taleproof.memory.arena import ALIGNMENT, MAX_BYTES, PAGE, ArenaBlob, Buffer, BumpAllocator
from taleproof.memory.kernels import Build


class JsBytes(Protocol):
    """A Uint8Array of JavaScript's."""

    def __len__(self) -> int: ...
    def subarray(self, start: int, end: int) -> "JsBytes": ...
    def to_bytes(self) -> bytes: ...
    def assign(self, data: Buffer) -> None: ...


class JsArena(Protocol):
    """The Arena of web/engine/memory/arena.ts."""

    build: Build
    code: JsBytes
    base: int
    team: int
    threads: int
    threadsAsked: int  # noqa: N815 - the name in JavaScript
    exports: Any

    @property
    def size(self) -> int: ...
    def ensure(self, nbytes: int) -> bool: ...
    def view(self, offset: int, nbytes: int) -> JsBytes: ...
    def put(self, offset: int, chunk: JsBytes) -> None: ...
    def clear(self, start: int, end: int) -> None: ...


class BrowserArena:
    """An Arena over a memory of JavaScript's.

    Attributes
    ----------
    kernels : the SHA-256 of the kernels' module.

    Parameters
    ----------
    limit : bytes that the memory may have at most; what the device has may be less than 32-bit addresses reach.
    """

    def __init__(self, js: JsArena, limit: int = MAX_BYTES) -> None:
        self.build = js.build
        self.kernels = hashlib.sha256(js.code.to_bytes()).hexdigest()
        self.limit = min(limit, MAX_BYTES)
        self._js = js
        self._bump = BumpAllocator(js.base, js.ensure, self.limit)
        self._functions: dict[str, Any] = {}

    @property
    def threads(self) -> int:
        """How many threads there are."""
        return self._js.threads

    @property
    def threads_asked(self) -> int:
        """How many the person wants; 0 for as many as are fastest."""
        return self._js.threadsAsked

    @property
    def size(self) -> int:
        """Bytes of the memory; it never shrinks."""
        return self._js.size

    @property
    def top(self) -> int:
        """Bytes in use, the kernels' own included."""
        return self._bump.top

    def allocate(self, nbytes: int) -> int:
        """Return the offset of ``nbytes`` fresh bytes."""
        return self._bump.take(nbytes)

    def write(self, offset: int, data: Buffer) -> None:
        """Copy bytes of Python's into the arena."""
        self._js.view(offset, memoryview(data).nbytes).assign(data)

    def put(self, offset: int, chunk: JsBytes) -> None:
        """Copy a chunk of JavaScript's into the arena."""
        self._js.put(offset, chunk)

    def window(self, offset: int, nbytes: int) -> JsBytes:
        """Return a window for JavaScript to fill; it is valid until the arena grows."""
        return self._js.view(offset, nbytes)

    def read(self, offset: int, nbytes: int) -> bytes:
        """Return a copy of bytes of the arena."""
        return self._js.view(offset, nbytes).to_bytes()

    def call(self, kernel: str, *arguments: int | float) -> int:
        """Run an exported kernel."""
        function = self._functions.get(kernel)
        if function is None:
            function = self._functions[kernel] = getattr(self._js.exports, kernel)
        return function(*arguments) or 0

    def run(self, program: int, count: int, step: int, threads: int) -> None:
        """Run a traced program."""
        self.call("run_program", program, count, step, self._js.team, threads)

    def mark(self) -> int:
        """Return a place to which ``release`` can go back."""
        return self._bump.top

    def release(self, mark: int) -> None:
        """Take back everything allocated since ``mark``, and clear it: fresh bytes are always zero."""
        if self._bump.top > mark:
            self._js.clear(mark, self._bump.top)
        self._bump.top = mark


class Intake:
    """Bytes that arrive in the arena one behind the other, as a file of a size that may not be known before.

    Nothing else may be allocated until ``finish``.
    """

    def __init__(self, arena: BrowserArena, size: int | None) -> None:
        self._arena = arena
        self._mark = arena.mark()
        self.size = 0
        self._room = -(-(size or 0) // ALIGNMENT) * ALIGNMENT
        self.offset = arena.allocate(self._room)

    def window(self, nbytes: int) -> JsBytes:
        """Return the place for the next bytes; ``took`` says how many came."""
        self._make_room(nbytes)
        return self._arena.window(self.offset + self.size, nbytes)

    def put(self, chunk: JsBytes) -> range:
        """Append a chunk; return the offsets where it lies now."""
        self._make_room(len(chunk))
        self._arena.put(self.offset + self.size, chunk)
        return self.took(len(chunk))

    def took(self, nbytes: int) -> range:
        """Note that ``nbytes`` were put into the window; return their offsets."""
        start = self.offset + self.size
        self.size += nbytes
        return range(start, start + nbytes)

    def blob(self, name: str) -> ArenaBlob:
        """Return the bytes so far for the parsers."""
        return ArenaBlob(self._arena, self.offset, self.size, name)

    def drop(self) -> None:
        """Give everything back, and clear it."""
        self._arena.release(self._mark)

    def _make_room(self, nbytes: int) -> None:
        missing = self.size + nbytes - self._room
        if missing > 0:
            # Whole pages keep the top aligned, so the allocator hands out the very next bytes.
            step = -(-missing // PAGE) * PAGE
            self._arena.allocate(step)
            self._room += step
