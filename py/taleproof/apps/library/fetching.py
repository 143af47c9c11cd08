# SPDX-License-Identifier: Apache-2.0
"""Downloads and files in Pyodide, as apps/worker/ports.py describes them: addresses and paths come in, bytes go out.

The bytes are JavaScript's, and none are kept in the browser's storage. A connection that goes quiet is dropped; what
comes next is decided in io/download.py.
"""

import asyncio
import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from taleproof.apps.library.browser_arena import to_object
from taleproof.apps.worker.ports import DROPPED, PartialFile, StoredFile
from taleproof.io.model_files import name_in_folder
from taleproof.io.reader import opened
from taleproof.memory.browser import JsBytes, JsSink


STALL_SECONDS = 60
"""As in web/engine/network/stall.ts: without a byte for so long, a connection is dead."""


class NoStore:
    """A browser's storage that has nothing, and keeps nothing."""

    async def find(self, digest: str) -> StoredFile | None:
        return None

    async def partial(self, key: str) -> PartialFile | None:
        return None

    async def remove(self, digest: str) -> None:
        pass


class PathFile:
    """A file of Pyodide's file system, read a piece at a time."""

    def __init__(self, path: Path) -> None:
        with opened(path):  # which says what is wrong with it
            self.size = path.stat().st_size
        self.name = name_in_folder(path)
        self._path = path

    async def read(self, offset: int, nbytes: int) -> JsBytes | None:
        with opened(self._path) as file:
            file.seek(offset)
            piece: JsBytes = to_js(file.read(nbytes))
        return piece


class _Answer:
    def __init__(self, response: Any, abort: Any) -> None:
        self.status = int(response.status)
        self.headers: str = js.JSON.stringify(js.Object.fromEntries(response.headers))
        self._reader = response.body.getReader() if response.body else None
        self._abort = abort
        self._rest: Any = b""  # of the last chunk, for which there was no room yet

    async def into(self, sink: JsSink, skip: int) -> int:
        """Put the next bytes, less the first ``skip``; return how many came, 0 at the end."""
        while len(self._rest) <= skip:
            skip -= len(self._rest)
            self._rest = b""
            if self._reader is None:
                return 0
            try:
                read = await _unless_stalled(self._reader.read())
            except (JsException, TimeoutError):
                self._abort.abort()
                return DROPPED
            if read.done:
                return 0
            self._rest = read.value
        chunk = self._rest.subarray(skip, len(self._rest)) if skip else self._rest
        taken = sink.take(chunk)
        self._rest = chunk.subarray(taken, len(chunk)) if taken < len(chunk) else b""
        return taken or len(chunk)

    async def close(self) -> None:
        self._abort.abort()


class Fetcher:
    """Sends requests with the browser's ``fetch``."""

    def __init__(self) -> None:
        self._abort: Any = None

    async def get(self, url: str, headers: str) -> _Answer | None:
        """Send a GET request; None where no answer came."""
        abort = self._abort = js.AbortController.new()
        # The browser's own cache would keep a copy of what is not yet verified.
        options = {"headers": json.loads(headers), "signal": abort.signal, "cache": "no-store"}
        try:
            return _Answer(await _unless_stalled(js.fetch(url, to_object(options))), abort)
        except (JsException, TimeoutError):
            abort.abort()
            return None

    def abandon(self) -> None:
        """End the request that has no answer yet."""
        if self._abort is not None:
            self._abort.abort()


async def _unless_stalled(promise: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(promise, STALL_SECONDS)
