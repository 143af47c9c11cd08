# SPDX-License-Identifier: Apache-2.0
"""What web/engine/memory/sink.ts does, where there is no page of ours to do it: bytes come in, and are put into the
arena one behind the other, and hashed there.

In come chunks of JavaScript's, and the addresses of running digests; out go how many bytes there was room for.
"""

from typing import Any, Protocol

from taleproof.memory.browser import JsBytes, KeptCopy, Readable


class Memory(Protocol):
    """The memory that the bytes go to, with the kernels on it."""

    exports: Any

    def view(self, offset: int, nbytes: int) -> JsBytes: ...
    def put(self, offset: int, chunk: JsBytes) -> None: ...


class Sink:
    """A JsSink of Python's own."""

    def __init__(
        self, memory: Memory, offset: int, room: int, sha256: int, sha3_256: int, copy: KeptCopy | None
    ) -> None:
        self._memory, self._at, self._room, self._copy = memory, offset, room, copy
        states = {"sha256_update": sha256, "sha3_256_update": sha3_256}
        self._hashes = [(getattr(memory.exports, kernel), state) for kernel, state in states.items() if state]

    def take(self, chunk: JsBytes) -> int:
        """Put as much of a chunk as there is room for; return how many bytes."""
        taken = chunk if len(chunk) <= self._room else chunk.subarray(0, self._room)
        self._memory.put(self._at, taken)
        if self._copy is not None:
            self._copy.write(taken)
        return self._landed(len(taken))

    def read(self, file: Readable, offset: int, nbytes: int) -> int:
        """Put bytes of a stored file; return how many."""
        return self._landed(file.read(self._memory.view(self._at, nbytes), offset))

    def extend(self, nbytes: int) -> None:
        """Make more room behind."""
        self._room += nbytes

    def _landed(self, nbytes: int) -> int:
        for update, state in self._hashes:
            update(state, self._at, nbytes)
        self._at += nbytes
        self._room -= nbytes
        return nbytes
