# SPDX-License-Identifier: Apache-2.0
"""What the page's side of the worker offers to Python: storage, chosen files and downloads.

In come objects of JavaScript's, described here by what is used of them; out goes a transport for io/download.py. No
byte of a file passes through Python: each chunk of a download is one call, which puts, hashes and keeps it.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from taleproof.io.download import ConnectionDropped
from taleproof.memory.browser import Intake, JsBytes, JsSink, KeptCopy, Readable


class StoredFile(Readable, Protocol):
    """A file in this browser's storage."""

    name: str

    @property
    def size(self) -> int: ...
    def close(self) -> None: ...


class PartialFile(StoredFile, KeptCopy, Protocol):
    """A download on its way into the storage."""

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
    """One source of a request: a FileRequest of the protocol in JSON, and the file where the person chose one."""

    request: str
    file: LocalFile | None


class JsAnswer(Protocol):
    """An answer of web/engine/network/fetcher.ts."""

    status: int
    headers: str

    async def into(self, sink: JsSink, skip: int) -> int: ...
    async def close(self) -> None: ...


class JsFetcher(Protocol):
    """The Fetcher of web/engine/network/fetcher.ts."""

    async def get(self, url: str, headers: str) -> JsAnswer | None: ...
    def abandon(self) -> None: ...


DROPPED = -1
"""What JsAnswer.into answers where the connection dropped; 0 at the end of the body."""


class BrowserResponse:
    """An answer as io/download.py wants it, whose bytes go to the transport's intake."""

    def __init__(self, answer: JsAnswer, transport: "BrowserTransport") -> None:
        self.status: int = answer.status
        self.headers: Mapping[str, str] = json.loads(answer.headers)
        self._answer, self._transport = answer, transport

    async def pieces(self, skip: int) -> AsyncGenerator[int, None]:
        """Put the body into the intake; yield how many bytes came."""
        intake = self._transport.intake
        assert intake is not None
        while True:
            count = await self._answer.into(intake.ready(), skip)
            if count == DROPPED:
                raise ConnectionDropped
            if count == 0:
                return
            skip = 0
            intake.came(count)
            yield count

    async def close(self) -> None:
        """Let go of the connection."""
        await self._answer.close()


class BrowserTransport:
    """One download through ``fetch``, for io/download.py.

    Attributes
    ----------
    intake : where the bytes go; there has to be one before the first piece.
    """

    def __init__(self, fetcher: JsFetcher) -> None:
        self._fetcher = fetcher
        self.intake: Intake | None = None

    async def get(self, url: str, headers: Mapping[str, str]) -> BrowserResponse:
        """Send a GET request."""
        try:
            answer = await self._fetcher.get(url, json.dumps(dict(headers)))
        except asyncio.CancelledError:
            self._fetcher.abandon()
            raise
        if answer is None:
            raise ConnectionDropped
        return BrowserResponse(answer, self)

    def head(self, length: int) -> bytes:
        """Return the first bytes of the file."""
        assert self.intake is not None
        return self.intake.head(length)
