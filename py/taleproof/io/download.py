# SPDX-License-Identifier: Apache-2.0
"""Where a model's bytes come from: in comes an address; its bytes are put where they belong, in order, each once.

A URL is read through a transport that the caller injects, so that this file knows no browser and no socket; files on a
disk are read in place (reader.FileBlob). No byte passes here, only how many came. Here lives what all transports
share: the size is known before the first byte is put, where the server says it; a dropped connection is resumed with a
Range request, a bounded number of times; a web page sent instead of a model is refused, and so are too few or too many
bytes.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from taleproof.errors import (
    DownloadInterruptedError,
    DownloadStoppedError,
    EmptyFileError,
    HtmlInsteadOfModelError,
    SourceChangedError,
    SourceNotFoundError,
    SourceRefusedError,
    SourceUnreachableError,
    WrongSizeError,
)
from taleproof.io.sniff import LOOKED_AT, looks_like_html


MAX_ATTEMPTS = 5
"""Attempts in a row that bring no byte, after which a download is given up."""

FIRST_PAUSE = 0.5
"""Seconds before the second attempt; each further one waits twice as long."""

PROGRESS = 1 << 16
"""Bytes that an attempt must bring to count as a success, so that a hopeless connection is given up."""

_WHOLE, _PART, _RANGE_IMPOSSIBLE = 200, 206, 416
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

Result = TypeVar("Result")


class ConnectionDropped(Exception):  # noqa: N818 - not an error for people: it is answered by another attempt
    """What a transport raises where the network failed, before the response or in the middle of it."""


class Response(Protocol):
    """The beginning of an answer: what a server says before it sends the body."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields that may be read, names in lower case."""
        ...

    def pieces(self, skip: int) -> AsyncIterator[int]:
        """Put the body, without its first ``skip`` bytes, behind what was put before; yield how many bytes came.

        Bytes for which there is no room, because the file has become longer than it was said to be, are counted and not
        put. Raises ConnectionDropped where the body breaks off.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection, so that a piece that is awaited is ConnectionDropped; may be called twice."""
        ...


class Transport(Protocol):
    """How bytes are fetched, put where they belong, and looked at there."""

    async def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """Send a GET request, following redirections; raise ConnectionDropped where no answer comes.

        It is cancelled when the download is stopped, and has to let go of the connection then.
        """
        ...

    def head(self, length: int) -> bytes:
        """Return the first bytes that were put, at most ``length``."""
        ...


class UrlSource:
    """A URL as a source, read through a transport.

    Parameters
    ----------
    expected_size : what the file must have, if somebody vouches for it; a server that says otherwise is
        refused before anything is downloaded.
    received : bytes that the caller has already, from an earlier download that broke off; only for a file whose
        digest will tell whether the two parts belong together.
    pause : waits the given seconds between attempts.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        *,
        name: str | None = None,
        expected_size: int | None = None,
        received: int = 0,
        pause: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self.name = name or url.split("?")[0].rstrip("/").rsplit("/", 1)[-1] or url
        self.size = expected_size
        self.received = received
        self._transport, self._url, self._pause = transport, url, pause
        self._response: Response | None = None
        self._etag: str | None = None
        self._can_resume = True
        self._failures = 0  # attempts in a row that brought nothing
        self._stopped = asyncio.Event()

    async def open(self) -> int | None:
        """Connect, and return the size of the file; None where neither the server nor the caller says."""
        response = await self._connect()
        self._response = response
        encoded = response.headers.get("content-encoding", "identity") != "identity"
        self._can_resume = not encoded  # a Range counts encoded bytes, and only the decoded ones are seen here
        self._etag = response.headers.get("etag")
        length = response.headers.get("content-length", "")
        if length.isdecimal() and not encoded:
            size = int(length) + (self.received if response.status == _PART else 0)
            if self.size is not None and self.size != size:
                await self._let_go()
                raise WrongSizeError(self.name, size, self.size)
            self.size = size
        if self.size == 0:
            await self._let_go()
            raise EmptyFileError(self.name)
        return self.size

    async def pieces(self) -> AsyncGenerator[int, None]:
        """Put the file's bytes in order, each once, whatever happens to the connection; yield how many came."""
        if self._response is None:
            await self.open()
        try:
            while self._response is not None:
                before = self.received
                try:
                    async for count in self._body(self._response):
                        yield count
                    whole = self.size is None or self.received == self.size
                except ConnectionDropped:
                    whole = False
                await self._let_go()
                if whole:
                    return
                if self.received - before >= PROGRESS:
                    self._failures = 0
                await self._failed()
                self._response = await self._connect()
        finally:
            await self._let_go()

    async def stop(self) -> None:
        """End the download; whoever awaits the pieces gets a DownloadStoppedError."""
        self._stopped.set()
        await self._let_go()

    async def _let_go(self) -> None:
        response, self._response = self._response, None
        if response is not None:
            await response.close()

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise DownloadStoppedError(self.name, self.received)

    async def _unless_stopped(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what ``work`` gives, or end it as soon as the download is stopped: a server may never answer."""
        working = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise DownloadStoppedError(self.name, self.received)
            return working.result()
        finally:
            stopped.cancel()
            working.cancel()

    async def _body(self, response: Response) -> AsyncGenerator[int, None]:
        """Yield how many bytes are new in each piece of a response's body."""
        skip = self.received if response.status == _WHOLE else 0  # a server without Range begins again
        async for count in response.pieces(skip):
            self._check_stopped()
            if self.received == 0 and looks_like_html(self._transport.head(LOOKED_AT)):
                raise HtmlInsteadOfModelError(self.name)
            self.received += count
            if self.size is not None and self.received > self.size:
                raise WrongSizeError(self.name, self.received, self.size)
            yield count

    async def _connect(self) -> Response:
        """Return a response that goes on at the first byte that is missing, or begins again."""
        while True:
            self._check_stopped()
            resume = self.received > 0 and self._can_resume
            try:
                headers = {"range": f"bytes={self.received}-"} if resume else {}
                response = await self._unless_stopped(self._transport.get(self._url, headers))
            except ConnectionDropped:
                await self._failed()
                continue
            try:
                if response.status in _TRY_AGAIN:
                    await response.close()
                    await self._failed(response.status)
                    continue
                self._check_answer(response, resume)
            except BaseException:
                await response.close()
                raise
            return response

    def _check_answer(self, response: Response, resume: bool) -> None:
        """Refuse a response that is not the file, or not the same file as before."""
        status, headers = response.status, response.headers
        if status in (404, 410):
            raise SourceNotFoundError(self._url, status)
        if resume and status == _RANGE_IMPOSSIBLE:
            raise SourceChangedError(self.name, self.received)
        if status != _WHOLE and not (resume and status == _PART):
            raise SourceRefusedError(self._url, f"the server answered {status}", status)
        if headers.get("content-type", "").lower().startswith("text/html"):
            raise HtmlInsteadOfModelError(self.name)
        etag = headers.get("etag")
        place = headers.get("content-range", "")  # hidden from pages of other sites; then the digest must tell
        wanted = f"bytes {self.received}-"
        if (etag and self._etag and etag != self._etag) or (
            status == _PART and not (place or wanted).startswith(wanted)
        ):
            raise SourceChangedError(self.name, self.received)

    async def _failed(self, status: int | None = None) -> None:
        """Count an attempt that failed; wait, or give up."""
        self._check_stopped()
        self._failures += 1
        if self._failures < MAX_ATTEMPTS:
            await self._unless_stopped(self._pause(FIRST_PAUSE * 2 ** (self._failures - 1)))
        elif status is not None:
            raise SourceRefusedError(self._url, f"the server answered {status}", status)
        elif self.received:
            raise DownloadInterruptedError(self.name, self.received, self.size, self._failures)
        else:
            raise SourceUnreachableError(self._url, self._failures)
