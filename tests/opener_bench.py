# SPDX-License-Identifier: Apache-2.0
"""An opener as the engine worker has it, over a server and a folder of files in memory."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from browser_fakes import FakeAnswer, FakeFetcher, FakeJsArena, FakeLocalFile, FakeStore
from taleproof.apps.open_model import OpenModel
from taleproof.apps.opener import PendingApproval
from taleproof.apps.worker.files import SourceRequest
from taleproof.apps.worker.load import Loader
from taleproof.apps.worker.open import Opener
from taleproof.apps.worker.ports import LocalFile
from taleproof.apps.worker.protocol.files import FileRequest, Purpose
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


CHOSEN: FileRequest = {"role": "model", "source": {"kind": "file", "file": {}}, "pinned": None}
"""A model's file that the person chose."""


def requests_of(sources: Sequence[FileRequest], chosen: Sequence[LocalFile] = ()) -> list[SourceRequest]:
    """Return a request's sources as the worker hands them over, with the chosen files in their order."""
    files = iter(chosen)
    return [SourceRequest(each, next(files) if each["source"]["kind"] == "file" else None) for each in sources]


class Bench:
    def __init__(
        self, files: dict[str, bytes] | None = None, interrupts: AbstractContextManager[None] | None = None
    ) -> None:
        self.site = Site(files or {})
        self.arena = BrowserArena(FakeJsArena())
        self.store = FakeStore()
        self.opener = Opener(self.arena, Loader(self.arena, self.store, self.site), interrupts)

    def open(
        self,
        sources: Sequence[FileRequest] | Mapping[str, bytes],
        *,
        accept: str | None = None,
        purpose: Purpose = "write",
        stopped: bool = False,
    ) -> OpenModel | PendingApproval:
        """Open a model from its sources, or from the files of a folder that was chosen."""
        chosen = [FakeLocalFile(name, data) for name, data in sources.items()] if isinstance(sources, Mapping) else []
        requested = [CHOSEN for _ in chosen] if isinstance(sources, Mapping) else sources
        requests = requests_of([{**each, "accept": accept} for each in requested], chosen)
        return asyncio.run(self.opener.open(requests, purpose, None, lambda *_: None, lambda: stopped))
