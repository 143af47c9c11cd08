# SPDX-License-Identifier: Apache-2.0
"""An opener as the engine worker has it, over a server and a folder of files in memory."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

from browser_fakes import FakeAnswer, FakeFetcher, FakeJsArena, FakeLocalFile, FakeStore
from taleproof.apps.open_model import OpenModel
from taleproof.apps.opener import PendingApproval
from taleproof.apps.worker.files import SourceRequest
from taleproof.apps.worker.load import Loader
from taleproof.apps.worker.open import Opener
from taleproof.apps.worker.ports import LocalFile
from taleproof.apps.worker.protocol.files import OpenRequest, RoleRequest
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


def requests_of(
    request: OpenRequest, chosen: Sequence[LocalFile] = (), tokenizer: LocalFile | None = None
) -> list[SourceRequest]:
    """Return a request's sources in one list, as web/engine/worker/host.ts does, with the files that were chosen."""
    model = cast("RoleRequest", {key: value for key, value in request.items() if key in RoleRequest.__annotations__})
    requested = [model, *request.get("files", [])]
    files: Sequence[LocalFile | None] = chosen or [None for _ in requested]
    requests = [
        SourceRequest("model", cast("RoleRequest", single), file) for single, file in zip(requested, files, strict=True)
    ]
    single = request.get("tokenizer")
    return requests if single is None else [*requests, SourceRequest("tokenizer", single, tokenizer)]


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
    ) -> OpenModel | PendingApproval:
        """Open a request; ``chosen`` are the files of a folder instead of its own sources."""
        local = [FakeLocalFile(name, data) for name, data in (chosen or {}).items()]
        if local:
            single = {"source": {"kind": "file", "file": {}}, "pinned": None}
            request = {**single, **request, "files": [single for _ in local[1:]]}
        requests = requests_of(cast("OpenRequest", request), local)
        purpose = request.get("purpose", "write")
        return asyncio.run(self.opener.open(requests, purpose, None, lambda *_: None, lambda: stopped))
