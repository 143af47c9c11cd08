# SPDX-License-Identifier: Apache-2.0
"""What the page's side of the worker offers to Python: storage, chosen files and downloads.

In come objects of JavaScript's, described here by what is used of them; out goes a transport for io/download.py. No
byte of a file passes through Python: chunks are handed on as JavaScript's own.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from taleproof.apps.worker.protocol.files import Role
from taleproof.io.download import ConnectionDropped
from taleproof.memory.browser import JsBytes


class StoredFile(Protocol):
    """A file in this browser's storage."""

    name: str

    @property
    def size(self) -> int: ...
    def read(self, into: JsBytes, offset: int) -> int: ...
    def close(self) -> None: ...


class PartialFile(StoredFile, Protocol):
    """A download on its way into the storage."""

    def write(self, chunk: JsBytes) -> None: ...
    def truncate(self, size: int) -> None: ...
    async def commit(self, sha256: str, name: str, sha3_256: str | None) -> bool: ...
    async def discard(self) -> None: ...


class Store(Protocol):
    """The ModelStorage of web/engine/storage/storage.ts."""

    async def find(self, digest: str) -> StoredFile | None: ...
    async def partial(self, key: str) -> PartialFile | None: ...
    async def remove(self, digest: str) -> None: ...


class LocalFile(Protocol):
    """A file that the person chose."""

    name: str
    size: int

    async def read(self, offset: int, nbytes: int) -> JsBytes | None: ...


class JsSource(Protocol):
    """One source of a request: a RoleRequest of the protocol in JSON, and the file where the person chose one."""

    role: Role
    request: str
    file: LocalFile | None


class JsPiece(Protocol):
    """A part of a body: a chunk, the end, or a dropped connection."""

    chunk: JsBytes | None
    dropped: bool


class JsAnswer(Protocol):
    """An answer of web/engine/network/fetcher.ts."""

    status: int
    headers: str

    async def read(self) -> JsPiece: ...
    async def close(self) -> None: ...


class JsFetcher(Protocol):
    """The Fetcher of web/engine/network/fetcher.ts."""

    async def get(self, url: str, headers: str) -> JsAnswer | None: ...
    def abandon(self) -> None: ...


class BrowserResponse:
    """An answer as io/download.py wants it."""

    def __init__(self, answer: JsAnswer) -> None:
        self.status: int = answer.status
        self.headers: Mapping[str, str] = json.loads(answer.headers)
        self._answer = answer

    async def chunks(self) -> AsyncGenerator[JsBytes, None]:
        """Yield the body's chunks, which stay JavaScript's."""
        while True:
            piece = await self._answer.read()
            if piece.dropped:
                raise ConnectionDropped
            if piece.chunk is None:
                return
            yield piece.chunk

    async def close(self) -> None:
        """Let go of the connection."""
        await self._answer.close()


class BrowserTransport:
    """Downloads through ``fetch``, for io/download.py."""

    def __init__(self, fetcher: JsFetcher) -> None:
        self._fetcher = fetcher

    async def get(self, url: str, headers: Mapping[str, str]) -> BrowserResponse:
        """Send a GET request."""
        try:
            answer = await self._fetcher.get(url, json.dumps(dict(headers)))
        except asyncio.CancelledError:
            self._fetcher.abandon()
            raise
        if answer is None:
            raise ConnectionDropped
        return BrowserResponse(answer)

    def head(self, chunk: JsBytes, length: int) -> bytes:
        """Return the first bytes of a chunk."""
        return chunk.subarray(0, length).to_bytes()

    def rest(self, chunk: JsBytes, start: int) -> JsBytes:
        """Return a chunk without its first bytes."""
        return chunk.subarray(start, len(chunk))
