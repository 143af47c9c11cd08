# SPDX-License-Identifier: Apache-2.0
"""The browser's arena as the engine and the parsers see it.

In come the memory and the kernels that web/engine/memory/arena.ts made; out go an Arena (arena.py), and an Intake,
which takes a file whose bytes JavaScript holds, without their passing through Python. What does not fit is refused
with OutOfMemoryError.
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


class Readable(Protocol):
    """A file that can be read straight into the arena."""

    def read(self, into: JsBytes, offset: int) -> int: ...


class KeptCopy(Protocol):
    """A copy of a file in the making."""

    def write(self, chunk: JsBytes) -> None: ...


class JsSink(Protocol):
    """The Sink of web/engine/memory/sink.ts."""

    def take(self, chunk: JsBytes) -> int: ...
    def read(self, file: Readable, offset: int, nbytes: int) -> int: ...
    def extend(self, nbytes: int) -> None: ...


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
    def sink(self, offset: int, room: int, sha256: int, sha3_256: int, copy: KeptCopy | None) -> JsSink: ...
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

    def has_room(self, nbytes: int) -> bool:
        """Say whether so many bytes could be allocated."""
        return self._bump.has_room(nbytes)

    def write(self, offset: int, data: Buffer) -> None:
        """Copy bytes of Python's into the arena."""
        self._js.view(offset, memoryview(data).nbytes).assign(data)

    def sink(self, offset: int, room: int, sha256: int, sha3_256: int, copy: KeptCopy | None) -> JsSink:
        """Return what puts bytes from ``offset`` on, and hashes them with the states at these addresses, 0 for none."""
        return self._js.sink(offset, room, sha256, sha3_256, copy)

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


AHEAD = 4 << 20
"""Room that is made before each piece of a file whose size is not known."""


class Intake:
    """A file's way into the arena: its bytes are put one behind the other, hashed and kept, in one call a piece.

    Nothing else may be allocated until the last one has come.

    Parameters
    ----------
    size : of the file; None where it is not known before.
    sha256, sha3_256 : addresses of the states of running digests (ArenaHasher.address); 0 for none.
    copy : what is given each chunk too, to be kept.
    """

    def __init__(
        self, arena: BrowserArena, size: int | None, sha256: int = 0, sha3_256: int = 0, copy: KeptCopy | None = None
    ) -> None:
        self._arena = arena
        self._mark = arena.mark()
        self._known = size is not None
        self.size = 0
        self._room = -(-(size or 0) // ALIGNMENT) * ALIGNMENT
        self.offset = arena.allocate(self._room)
        self._sink = arena.sink(self.offset, size or 0, sha256, sha3_256, copy)

    def ready(self) -> JsSink:
        """Return what takes the next piece; ``came`` is told how many bytes that was."""
        if not self._known and self._room - self.size < AHEAD:
            # Whole pages keep the top aligned, so the allocator hands out the very next bytes.
            step = -(-AHEAD // PAGE) * PAGE
            self._arena.allocate(step)
            self._room += step
            self._sink.extend(step)
        return self._sink

    def came(self, nbytes: int) -> None:
        """Note that so many bytes were put."""
        self.size += nbytes

    def take(self, chunk: JsBytes) -> None:
        """Append a chunk that has room."""
        self.came(self.ready().take(chunk))

    def read(self, file: Readable, nbytes: int) -> int:
        """Append the next bytes of a stored file, which are not kept once more; return how many came."""
        count = self.ready().read(file, self.size, nbytes)
        self.came(count)
        return count

    def head(self, length: int) -> bytes:
        """Return the first bytes that were put, at most ``length``."""
        return self._arena.read(self.offset, min(length, self.size, self._room))

    def blob(self, name: str) -> ArenaBlob:
        """Return the bytes so far for the parsers."""
        return ArenaBlob(self._arena, self.offset, self.size, name)

    def drop(self) -> None:
        """Give everything back, and clear it."""
        self._arena.release(self._mark)
