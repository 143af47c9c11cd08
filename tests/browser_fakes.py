# SPDX-License-Identifier: Apache-2.0
"""The page's side of the engine worker, played by Python: what apps/worker/ports.py and memory/browser.py describe.

The arena is a real one, with the real kernels in wasmtime; storage and network are dictionaries and lists.
"""

import ctypes
import json
from collections.abc import Callable, Mapping
from typing import Any

from taleproof.apps.library.sink import Sink
from taleproof.apps.worker.ports import DROPPED
from taleproof.memory.arena import PAGE
from taleproof.memory.browser import JsBytes, JsSink, KeptCopy
from taleproof.memory.kernels import Build
from taleproof.memory.wasmtime import WasmtimeArena


class Chunk:
    """A Uint8Array: a window on bytes that is written through."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def subarray(self, start: int, end: int) -> "Chunk":
        return Chunk(self._data[start:end])

    def to_bytes(self) -> bytes:
        return bytes(self._data)

    def assign(self, data: Any) -> None:
        self._data[:] = memoryview(data).cast("B")


def chunk(data: bytes) -> Chunk:
    return Chunk(memoryview(bytearray(data)))


class _Exports:
    def __init__(self, host: WasmtimeArena) -> None:
        self._host = host

    def __getattr__(self, name: str) -> Callable[..., int]:
        return lambda *arguments: self._host.call(name, *arguments)


class FakeJsArena:
    """The Arena of web/engine/memory/arena.ts, over wasmtime."""

    def __init__(self, most: int = 1 << 32) -> None:
        self._host = WasmtimeArena()
        self._most = most
        self.build: Build = "relaxed"
        self.code: JsBytes = chunk(b"the kernels' module")
        self.base = self._host._allocator.top
        self.team = 0
        self.threads = self.threadsAsked = 1
        self.exports: Any = _Exports(self._host)

    @property
    def size(self) -> int:
        return int(self._host._memory.data_len(self._host._store))

    def ensure(self, nbytes: int) -> bool:
        if nbytes > self._most:
            return False
        missing = -(-(nbytes - self.size) // PAGE)
        if missing > 0:
            self._host._memory.grow(self._host._store, missing)
            self._host.__dict__.pop("_base", None)
        return True

    def view(self, offset: int, nbytes: int) -> Chunk:
        buffer = (ctypes.c_ubyte * nbytes).from_address(self._host._base + offset)
        return Chunk(memoryview(buffer).cast("B"))

    def put(self, offset: int, chunk: JsBytes) -> None:
        self.view(offset, len(chunk)).assign(chunk.to_bytes())

    def sink(self, offset: int, room: int, sha256: int, sha3_256: int, copy: KeptCopy | None) -> Sink:
        return Sink(self, offset, room, sha256, sha3_256, copy)

    def clear(self, start: int, end: int) -> None:
        self.view(start, end - start).assign(bytes(end - start))


class FakeFile:
    """A stored file, or a download on its way; ``folder`` is where it ends up."""

    def __init__(self, folder: "FakeStore", key: str, data: bytes = b"") -> None:
        self.name = key
        self.data = bytearray(data)
        self._folder = folder
        self.closed = False

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, into: JsBytes, offset: int) -> int:
        piece = bytes(self.data[offset : offset + len(into)])
        into.subarray(0, len(piece)).assign(piece)
        return len(piece)

    def write(self, chunk: JsBytes) -> None:
        self.data += chunk.to_bytes()

    def truncate(self, size: int) -> None:
        del self.data[size:]

    async def commit(self, sha256: str, name: str, sha3_256: str | None) -> bool:
        self.close()
        if sha3_256 is not None:
            self._folder.sha3_256[sha3_256] = sha256
        self._folder.kept[sha256] = bytes(self.data)
        self._folder.partials.pop(self.name, None)
        return True

    async def discard(self) -> None:
        self.closed = True
        self._folder.partials.pop(self.name, None)

    def close(self) -> None:
        if not self.closed and self.name in self._folder.partials:
            self._folder.partials[self.name] = bytes(self.data)
        self.closed = True


class FakeStore:
    """This browser's storage."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.sha3_256: dict[str, str] = {}
        self.partials: dict[str, bytes] = {}

    async def find(self, digest: str) -> FakeFile | None:
        sha256 = self.sha3_256.get(digest, digest)
        return FakeFile(self, sha256, self.kept[sha256]) if sha256 in self.kept else None

    async def partial(self, key: str) -> FakeFile | None:
        return FakeFile(self, key, self.partials.setdefault(key, b""))

    async def remove(self, digest: str) -> None:
        self.kept.pop(self.sha3_256.get(digest, digest), None)


class NoStore(FakeStore):
    """A browser without storage."""

    async def partial(self, key: str) -> FakeFile | None:
        return None


class FakeLocalFile:
    """A file that the person chose."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.size = name, len(data)
        self._data = data

    async def read(self, offset: int, nbytes: int) -> Chunk | None:
        return chunk(self._data[offset : offset + nbytes])


class FakeAnswer:
    """An HTTP answer whose connection drops after ``drop`` bytes of its body, if given."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, drop: int | None = None) -> None:
        self.status, self.headers = status, json.dumps(dict(headers))
        self._body, self._drop, self._at = body, drop, 0
        self.closed = False

    async def into(self, sink: JsSink, skip: int) -> int:
        self._at += skip
        if self.closed or (self._drop is not None and self._at >= self._drop):
            return DROPPED
        end = min(self._at + 1000, len(self._body) if self._drop is None else self._drop)
        data = self._body[self._at : end]
        taken = sink.take(chunk(data))
        self._at += taken
        return taken or len(data)

    async def close(self) -> None:
        self.closed = True


class FakeFetcher:
    """A server with one file. ``drops`` says for each answer in turn after how many bytes it breaks off."""

    def __init__(
        self,
        body: bytes,
        drops: list[int | None] | None = None,
        *,
        ranges: bool = True,
        answers: type[FakeAnswer] = FakeAnswer,
    ) -> None:
        self.body, self.ranges, self.answers = body, ranges, answers
        self.drops = list(drops or [])
        self.requests: list[dict[str, str]] = []
        self.abandoned = 0

    def abandon(self) -> None:
        self.abandoned += 1

    async def get(self, url: str, headers: str) -> FakeAnswer | None:
        fields = json.loads(headers)
        self.requests.append(fields)
        drop = self.drops.pop(0) if self.drops else None
        wanted = fields.get("range")
        if wanted is None or not self.ranges:
            return self.answers(200, {"content-length": str(len(self.body))}, self.body, drop)
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        rest = self.body[start:]
        place = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
        return self.answers(206, {"content-length": str(len(rest)), "content-range": place}, rest, drop)
