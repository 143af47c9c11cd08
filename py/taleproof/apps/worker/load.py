# SPDX-License-Identifier: Apache-2.0
"""A file's way into the arena, in the browser: from its source or this browser's storage, hashed as it passes.

In come a description of the file and the page's means (storage, downloads, a file that the person chose); out goes a
ArenaFile: bytes in the arena and their digests, none of them parsed. Refused: a file that memory cannot hold, before
anything is downloaded, and whatever io/download.py refuses. JavaScript's objects are handed in, so that all this runs
under CPython too.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from taleproof.apps.opener import Progress
from taleproof.apps.worker.delayed import Delayed
from taleproof.apps.worker.ports import BrowserTransport, JsFetcher, LocalFile, PartialFile, Store, StoredFile
from taleproof.errors import (
    DownloadStoppedError,
    EmptyFileError,
    HtmlInsteadOfModelError,
    KeptFileGoneError,
    ModelTooLargeError,
    SourceChangedError,
    SourceRefusedError,
    WrongSizeError,
)
from taleproof.io.download import UrlSource
from taleproof.memory.arena import ArenaBlob
from taleproof.memory.browser import BrowserArena, Intake
from taleproof.trust.digest import ArenaHasher, Digests, Expected


PIECE = 4 << 20
"""Bytes read from a file at a time: large enough to be fast, small enough for Stop to be quick."""

HEADROOM = 150_000_000
"""Bytes that a model needs beside its file: cache and scratch."""

UNVERIFIED = "unverified"
"""Name of the one download at a time that nobody vouches for."""


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A file that is to be loaded: one of ``url``, ``file`` and ``stored`` (a digest) says where it is.

    Attributes
    ----------
    expected : what its bytes are said to be, by whoever listed it; by this it is found in the storage, and kept there.
    sha3 : whether its SHA3-256 is wanted even where ``expected`` names none.
    keep : whether it may be kept in this browser's storage.
    """

    name: str
    expected: Expected | None
    url: str | None = None
    file: LocalFile | None = None
    stored: str | None = None
    sha3: bool = False
    keep: bool = True

    @property
    def digest(self) -> str | None:
        """The digest, of either kind, under which this browser may have the file already."""
        return self.expected.key if self.expected else self.stored


@dataclass(slots=True)
class ArenaFile:
    """A file in the arena, hashed and not parsed. ``partial`` is its copy that waits to be kept or dropped."""

    name: str
    intake: Intake
    digests: Digests
    stored: bool = False
    partial: PartialFile | None = None

    @property
    def blob(self) -> ArenaBlob:
        """Its bytes."""
        return self.intake.blob(self.name)

    @property
    def offset(self) -> int:
        """Where it lies in the arena."""
        return self.intake.offset

    async def keep(self) -> None:
        """Keep the copy in this browser's storage; for a file whose digest is right or accepted."""
        partial, self.partial = self.partial, None
        if partial is not None:
            self.stored = await partial.commit(self.digests.sha256, self.name, self.digests.sha3_256)

    async def discard(self) -> None:
        """Forget the copy."""
        partial, self.partial = self.partial, None
        if partial is not None:
            await partial.discard()

    async def drop(self) -> None:
        """Forget the copy, and the bytes in the arena."""
        await self.discard()
        self.intake.drop()


class Loader:
    """Loads one file at a time."""

    def __init__(
        self,
        arena: BrowserArena,
        store: Store,
        fetcher: JsFetcher,
        pause: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self._arena, self._store, self._pause = arena, store, pause
        self._fetcher = fetcher
        self._sha256, self._sha3_256 = ArenaHasher(arena, "sha256"), ArenaHasher(arena, "sha3_256")
        self._source: UrlSource | None = None
        self._stopped: Callable[[], bool] = lambda: False

    async def stop(self) -> None:
        """Look at once whether the person has stopped what is being loaded, instead of at the next chunk."""
        if self._source is not None:
            await self._source.stop()

    async def load(self, spec: FileSpec, progress: Progress, stopped: Callable[[], bool]) -> ArenaFile:
        """Bring a file into the arena.

        Parameters
        ----------
        stopped : whether the person has had enough; looked at before each chunk.

        Raises
        ------
        ModelTooLargeError : before anything is downloaded, where the size is known then.
        SourceError, FormatError : what io/download.py finds wrong with the source, or with what it sends.
        """
        self._stopped = stopped
        if spec.expected is not None and spec.expected.size is not None:
            self._check_fits(spec.name, spec.expected.size)
        if spec.digest is not None:
            loaded = await self._from_store(spec, spec.digest, progress)
            if loaded is not None:
                return loaded
        if spec.file is not None:
            return await self._from_file(spec.file, spec, progress)
        if spec.url is None:
            raise KeptFileGoneError(spec.name)
        return await self._download(spec.url, spec, progress)

    async def _from_store(self, spec: FileSpec, digest: str, progress: Progress) -> ArenaFile | None:
        """Load what an earlier download left; None where there is nothing, or other bytes than there should be."""
        stored = await self._store.find(digest)
        if stored is None:
            return None
        try:
            self._check_fits(spec.name, stored.size)
            intake = self._intake(spec, stored.size)
            whole = await self._read(stored, intake, stored.size, spec.name, progress)
        finally:
            stored.close()
        digests = self._digests(spec, intake)
        if whole and digest in (digests.sha256, digests.sha3_256):
            return ArenaFile(spec.name, intake, digests, stored=True)
        intake.drop()
        await self._store.remove(digest)
        return None

    async def _from_file(self, file: LocalFile, spec: FileSpec, progress: Progress) -> ArenaFile:
        """Load a file that the page holds; one that somebody listed is kept like a download."""
        if file.size == 0:
            raise EmptyFileError(spec.name)
        self._check_fits(spec.name, file.size)
        partial = None
        if spec.expected is not None:
            partial = await self._store.partial(spec.expected.key)
        try:
            intake = self._intake(spec, file.size, partial)
            if partial is not None:
                partial.truncate(0)
            while intake.size < file.size:
                self._check_stopped(spec.name, intake.size)
                chunk = await file.read(intake.size, min(PIECE, file.size - intake.size))
                if chunk is None or len(chunk) == 0:
                    raise SourceRefusedError(spec.name, "the browser cannot read it any more")
                intake.take(chunk)
                progress("read", spec.name, intake.size, file.size)
        except BaseException:
            if partial is not None:
                await partial.discard()
            raise
        return ArenaFile(spec.name, intake, self._digests(spec, intake), partial=partial)

    async def _download(self, url: str, spec: FileSpec, progress: Progress) -> ArenaFile:
        """Download a file, going on where an earlier download of the same file broke off."""
        partial = None
        if spec.keep:
            partial = await self._store.partial(spec.expected.key if spec.expected else UNVERIFIED)
        had = self._resumable(partial, spec.expected)
        mark = self._arena.mark()
        try:
            loaded = await self._receive(url, spec, partial, had, progress)
        except BaseException as error:
            self._arena.release(mark)
            useless = spec.expected is None or isinstance(
                error, HtmlInsteadOfModelError | SourceChangedError | WrongSizeError
            )
            if partial is not None and useless:
                await partial.discard()
            elif partial is not None:
                kept = partial.size
                partial.close()
                if isinstance(error, DownloadStoppedError):
                    raise DownloadStoppedError(spec.name, kept, kept) from None
            if not (had and useless):
                raise
        else:
            if not (had and spec.expected and spec.expected.mismatch(loaded.digests)):
                return loaded
            await loaded.drop()
        # What an earlier download left may be to blame: only a whole download can tell.
        return await self._download(url, spec, progress)

    def _resumable(self, partial: PartialFile | None, expected: Expected | None) -> int:
        """Return how many bytes of an earlier download are of use; only a known digest makes them so."""
        if partial is None:
            return 0
        if expected is None or (expected.size is not None and partial.size >= expected.size):
            partial.truncate(0)
        return partial.size

    async def _receive(
        self, url: str, spec: FileSpec, partial: PartialFile | None, had: int, progress: Progress
    ) -> ArenaFile:
        size = spec.expected.size if spec.expected else None
        progress("connect", spec.name, had, size)
        transport = BrowserTransport(self._fetcher)
        source = self._source = UrlSource(
            transport,
            url,
            name=spec.name,
            expected_size=size,
            received=had,
            pause=self._pause,
        )
        try:
            self._check_stopped(spec.name, had)
            total = await source.open()
            self._check_fits(spec.name, total or 0)
            intake = transport.intake = self._intake(spec, total, partial)
            if partial is not None and not await self._read(partial, intake, had, spec.name, progress):
                raise SourceChangedError(spec.name, had)
            report = Delayed(lambda: progress("download", spec.name, intake.size, total))
            try:
                async for _ in source.pieces():
                    report.due()
            finally:
                report.cancel()
            progress("download", spec.name, intake.size, total)
        finally:
            self._source = None
            await source.stop()
        return ArenaFile(spec.name, intake, self._digests(spec, intake), partial=partial)

    async def _read(self, file: StoredFile, intake: Intake, size: int, name: str, progress: Progress) -> bool:
        """Read the first ``size`` bytes of a stored file straight into the arena; say whether they were there."""
        while intake.size < size:
            await asyncio.sleep(0)  # lets a request to stop come in
            self._check_stopped(name, intake.size)
            nbytes = min(PIECE, size - intake.size)
            if intake.read(file, nbytes) != nbytes:
                return False
            progress("read", name, intake.size, size)
        return True

    def _intake(self, spec: FileSpec, size: int | None, copy: PartialFile | None = None) -> Intake:
        """Return the way into the arena for a file, with new digests."""
        self._sha256.reset()
        self._sha3_256.reset()
        sha3_256 = self._sha3_256.address if _needs_sha3(spec) else 0
        return Intake(self._arena, size, self._sha256.address, sha3_256, copy)

    def _digests(self, spec: FileSpec, intake: Intake) -> Digests:
        """Return the digests of the file that came last."""
        sha3_256 = self._sha3_256.hexdigest() if _needs_sha3(spec) else None
        return Digests(self._sha256.hexdigest(), sha3_256, intake.size)

    def _check_stopped(self, name: str, received: int) -> None:
        if self._stopped():
            raise DownloadStoppedError(name, received)

    def _check_fits(self, name: str, size: int) -> None:
        needed = self._arena.top + size + HEADROOM
        if needed > self._arena.limit:
            raise ModelTooLargeError(name, needed, self._arena.limit)


def _needs_sha3(spec: FileSpec) -> bool:
    return spec.sha3 or (spec.expected is not None and spec.expected.sha3_256 is not None)
