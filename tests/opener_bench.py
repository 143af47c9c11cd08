# SPDX-License-Identifier: Apache-2.0
"""An opener as the engine worker has it, over a server and a folder of files in memory."""

import asyncio
from contextlib import AbstractContextManager
from typing import Any, cast

from browser_fakes import FakeAnswer, FakeFetcher, FakeJsArena, FakeLocalFile, FakeStore
from taleproof.apps.worker.load import Loader
from taleproof.apps.worker.open import Opened, OpenedEmbedder, Opener, Waiting
from taleproof.apps.worker.ports import LocalFile
from taleproof.apps.worker.protocol.files import OpenRequest, Role
from taleproof.memory.browser import BrowserArena


SITE = "https://example.org/models/"


class Site(FakeFetcher):
    """A server with several files."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(b"")
        self.files = files
        self.asked: list[str] = []

    async def get(self, url: str, headers: str) -> FakeAnswer | None:
        self.asked.append(url)
        name = url.removeprefix(SITE).partition("?")[0]
        if name not in self.files:
            return FakeAnswer(404, {}, b"", None)
        self.body = self.files[name]
        return await super().get(url, headers)


class Bench:
    def __init__(
        self, files: dict[str, bytes] | None = None, interrupts: AbstractContextManager[None] | None = None
    ) -> None:
        self.site = Site(files or {})
        self.arena = BrowserArena(FakeJsArena())
        self.store = FakeStore()
        self.opener = Opener(self.arena, Loader(self.arena, self.store, self.site), interrupts)

    def open(
        self, request: dict[str, Any], chosen: dict[str, bytes] | None = None, *, stopped: bool = False
    ) -> Opened | OpenedEmbedder | Waiting:
        """Open a request; ``chosen`` are the files of a folder instead of its own sources."""
        local = [FakeLocalFile(name, data) for name, data in (chosen or {}).items()]
        if local:
            wish = {"source": {"kind": "file", "file": {}}, "pinned": None}
            request = {**wish, **request, "files": [wish for _ in local[1:]]}
        others: list[FakeLocalFile | None] = [*local[1:]] or [None for _ in request.get("files", [])]
        files: dict[Role, LocalFile | None] = {"model": local[0] if local else None}
        asked = cast("OpenRequest", request)
        return asyncio.run(self.opener.open(asked, files, lambda *_: None, lambda: stopped, others=others))
