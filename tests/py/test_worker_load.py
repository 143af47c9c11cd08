# SPDX-License-Identifier: Apache-2.0
import asyncio
import hashlib
from dataclasses import dataclass, field

import pytest

from browser_fakes import FakeAnswer, FakeFetcher, FakeJsArena, FakeLocalFile, FakeStore, NoStore
from taleproof.apps.opener import Phase
from taleproof.apps.worker import delayed
from taleproof.apps.worker.load import UNVERIFIED, ArenaFile, FileSpec, Loader
from taleproof.errors import (
    DownloadInterruptedError,
    DownloadStoppedError,
    EmptyFileError,
    HtmlInsteadOfModelError,
    KeptFileGoneError,
    ModelTooLargeError,
    SourceRefusedError,
    WrongSizeError,
)
from taleproof.memory.browser import BrowserArena, JsSink
from taleproof.trust.digest import Expected


BODY = hashlib.shake_256(b"a model").digest(300_001)
SHA256 = hashlib.sha256(BODY).hexdigest()
EXPECTED = Expected(SHA256, None, len(BODY))
URL = "https://example.org/models/tale.gguf"


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


class SlowAnswer(FakeAnswer):
    """An answer whose every chunk lets other work come first, as those of a network do."""

    async def into(self, sink: JsSink, skip: int) -> int:
        await asyncio.sleep(0)
        return await super().into(sink, skip)


@dataclass
class Bench:
    fetcher: FakeFetcher = field(default_factory=lambda: FakeFetcher(BODY))
    store: FakeStore = field(default_factory=FakeStore)
    limit: int = 1 << 32

    def __post_init__(self) -> None:
        self.arena = BrowserArena(FakeJsArena(), self.limit)
        self.loader = Loader(self.arena, self.store, self.fetcher, no_pause)
        self.phases: list[Phase] = []

    def load(self, spec: FileSpec) -> ArenaFile:
        return asyncio.run(self.loader.load(spec, lambda phase, *_: self.phases.append(phase), lambda: False))

    def bytes_of(self, loaded: ArenaFile) -> bytes:
        return self.arena.read(loaded.intake.offset, loaded.intake.size)


def test_download_lands_in_the_arena_and_is_kept_only_when_asked() -> None:
    bench = Bench()
    loaded = bench.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    assert bench.bytes_of(loaded) == BODY
    assert loaded.digests.sha256 == SHA256
    assert bench.store.kept == {}
    asyncio.run(loaded.keep())
    assert bench.store.kept == {SHA256: BODY}
    assert loaded.stored


def test_both_digests_where_both_are_expected() -> None:
    sha3 = hashlib.sha3_256(BODY).hexdigest()
    loaded = Bench().load(FileSpec("tale.gguf", Expected(SHA256, sha3), url=URL))
    assert loaded.digests.sha3_256 == sha3


def test_a_file_of_which_only_the_sha3_is_known_is_kept_and_found_by_it() -> None:
    bench = Bench()
    spec = FileSpec("tale.gguf", Expected(sha3_256=hashlib.sha3_256(BODY).hexdigest()), url=URL)
    asyncio.run(bench.load(spec).keep())
    assert bench.store.kept == {SHA256: BODY}
    again = bench.load(spec)
    assert again.stored
    assert bench.bytes_of(again) == BODY
    bench.store.kept[SHA256] = BODY[:-1] + b"?"
    assert not bench.load(spec).stored
    assert bench.store.kept == {}


def test_stored_file_is_read_and_hashed_without_the_network() -> None:
    bench = Bench()
    bench.store.kept[SHA256] = BODY
    loaded = bench.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    assert bench.bytes_of(loaded) == BODY
    assert loaded.stored
    assert bench.fetcher.requests == []
    assert set(bench.phases) == {"read"}


def test_stored_file_that_was_damaged_is_removed_and_downloaded_again() -> None:
    bench = Bench()
    bench.store.kept[SHA256] = BODY[:-1] + b"?"
    loaded = bench.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    assert bench.bytes_of(loaded) == BODY
    assert SHA256 not in bench.store.kept


def test_dropped_connection_is_resumed_where_it_broke() -> None:
    bench = Bench(FakeFetcher(BODY, [120_000, 90_000, None]))
    loaded = bench.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    assert bench.bytes_of(loaded) == BODY
    assert bench.fetcher.requests == [{}, {"range": "bytes=120000-"}, {"range": "bytes=210000-"}]


def test_download_of_an_earlier_visit_goes_on() -> None:
    store = FakeStore()
    first = Bench(FakeFetcher(BODY, [200_000, 0, 0, 0, 0, 0]), store)
    with pytest.raises(DownloadInterruptedError):
        first.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    assert store.partials == {SHA256: BODY[:200_000]}
    second = Bench(store=store)
    loaded = second.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    assert second.bytes_of(loaded) == BODY
    assert second.fetcher.requests == [{"range": "bytes=200000-"}]


def test_server_without_ranges_begins_again() -> None:
    store = FakeStore()
    store.partials[SHA256] = BODY[:200_000]
    bench = Bench(FakeFetcher(BODY, ranges=False), store)
    assert bench.bytes_of(bench.load(FileSpec("tale.gguf", EXPECTED, url=URL))) == BODY


def test_damaged_part_of_an_earlier_visit_is_not_held_against_the_server() -> None:
    store = FakeStore()
    store.partials[SHA256] = b"?" * 200_000
    bench = Bench(store=store)
    loaded = bench.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    assert bench.bytes_of(loaded) == BODY
    assert bench.fetcher.requests[-1] == {}


def test_wrong_bytes_are_told_by_their_digest() -> None:
    bench = Bench(FakeFetcher(b"?" + BODY[1:]))
    loaded = bench.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    assert loaded.digests.sha256 != SHA256
    asyncio.run(loaded.drop())
    assert bench.store.partials == {}
    assert bench.arena.read(loaded.intake.offset, 64) == bytes(64)


def test_unverified_download_never_goes_on_from_an_earlier_one() -> None:
    store = FakeStore()
    store.partials[UNVERIFIED] = b"?" * 1000
    bench = Bench(store=store)
    assert bench.bytes_of(bench.load(FileSpec("tale.gguf", None, url=URL))) == BODY
    assert bench.fetcher.requests == [{}]


@pytest.mark.parametrize("size", [len(BODY) - 1, len(BODY) + 1])
def test_other_size_than_expected_is_refused_before_the_body(size: int) -> None:
    bench = Bench()
    before = bench.arena.top
    with pytest.raises(WrongSizeError):
        bench.load(FileSpec("tale.gguf", Expected(SHA256, None, size), url=URL))
    assert bench.store.partials == {}
    assert bench.arena.top == before


def test_size_unknown_until_the_end() -> None:
    class Silent(FakeFetcher):
        async def get(self, url: str, headers: str):  # type: ignore[no-untyped-def]
            answer = await super().get(url, headers)
            assert answer is not None
            answer.headers = "{}"
            return answer

    bench = Bench(Silent(BODY))
    assert bench.bytes_of(bench.load(FileSpec("tale.gguf", None, url=URL))) == BODY


def test_web_page_instead_of_a_model() -> None:
    bench = Bench(FakeFetcher(b"<!doctype html><title>Sign in</title>"))
    with pytest.raises(HtmlInsteadOfModelError):
        bench.load(FileSpec("tale.gguf", None, url=URL))


def test_too_large_is_said_before_the_download() -> None:
    bench = Bench(limit=100_000_000)
    with pytest.raises(ModelTooLargeError) as caught:
        bench.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    assert bench.fetcher.requests == []
    assert caught.value.details["limit"] == 100_000_000


def test_stop_during_the_download_keeps_the_part_of_a_pinned_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delayed, "REPORT_SECONDS", 0.0)
    bench = Bench(FakeFetcher(BODY, answers=SlowAnswer))

    async def run() -> None:
        def progress(phase: Phase, _name: str, nbytes: int, _total: int | None) -> None:
            if phase == "download" and nbytes >= 100_000 and not stops:
                stops.append(asyncio.ensure_future(bench.loader.stop()))

        stops: list[asyncio.Future[None]] = []
        with pytest.raises(DownloadStoppedError) as caught:
            await bench.loader.load(FileSpec("tale.gguf", EXPECTED, url=URL), progress, lambda: bool(stops))
        await asyncio.gather(*stops)
        told.append(caught.value)

    told: list[DownloadStoppedError] = []

    asyncio.run(run())
    kept = len(bench.store.partials[SHA256])
    assert 100_000 <= kept < len(BODY)
    assert told[0].details["kept"] == kept
    assert "0.1 MB of tale.gguf are kept" in told[0].message


def test_stop_before_the_server_answers_lets_go_of_the_request() -> None:
    bench = Bench()

    async def never(_url: str, _headers: str) -> None:
        asked.set()
        await asyncio.Event().wait()

    async def run() -> None:
        stopped: list[bool] = []
        work = bench.loader.load(FileSpec("tale.gguf", EXPECTED, url=URL), lambda *_: None, lambda: bool(stopped))
        loading = asyncio.ensure_future(work)
        await asked.wait()
        stopped.append(True)
        await bench.loader.stop()
        with pytest.raises(DownloadStoppedError):
            await loading

    asked = asyncio.Event()
    bench.fetcher.get = never  # type: ignore[assignment]
    asyncio.run(run())
    assert bench.fetcher.abandoned == 1


def test_stop_before_anything_came_asks_nobody() -> None:
    bench = Bench()
    with pytest.raises(DownloadStoppedError):
        asyncio.run(bench.loader.load(FileSpec("tale.gguf", EXPECTED, url=URL), lambda *_: None, lambda: True))
    assert bench.fetcher.requests == []


def test_browser_without_storage_downloads_and_keeps_nothing() -> None:
    bench = Bench(store=NoStore())
    loaded = bench.load(FileSpec("tale.gguf", EXPECTED, url=URL))
    asyncio.run(loaded.keep())
    assert bench.bytes_of(loaded) == BODY
    assert not loaded.stored


def test_own_file_is_read_piece_by_piece() -> None:
    bench = Bench()
    loaded = bench.load(FileSpec("own.gguf", None, file=FakeLocalFile("own.gguf", BODY)))
    assert bench.bytes_of(loaded) == BODY
    assert loaded.digests.sha256 == SHA256


def test_file_that_somebody_listed_is_kept_like_a_download_and_then_read_from_the_storage() -> None:
    bench = Bench()
    bench.store.partials[SHA256] = b"the beginning of something"
    spec = FileSpec("tale.bin", EXPECTED, file=FakeLocalFile("tale.bin", BODY))
    loaded = bench.load(spec)
    assert not loaded.stored
    asyncio.run(loaded.keep())
    assert bench.store.kept == {SHA256: BODY}
    assert bench.load(FileSpec("tale.bin", EXPECTED, stored=SHA256)).stored


def test_file_that_somebody_listed_leaves_nothing_behind_when_it_is_stopped() -> None:
    bench = Bench()
    spec = FileSpec("tale.bin", EXPECTED, file=FakeLocalFile("tale.bin", BODY))
    with pytest.raises(DownloadStoppedError):
        asyncio.run(bench.loader.load(spec, lambda *_: None, lambda: True))
    assert bench.store.partials == {}


def test_kept_file_that_changed_is_dropped_and_told_where_no_address_is_known() -> None:
    bench = Bench()
    bench.store.kept[SHA256] = BODY[:-1] + b"?"
    with pytest.raises(KeptFileGoneError):
        bench.load(FileSpec("tale.bin", EXPECTED, stored=SHA256))
    assert bench.store.kept == {}


def test_own_file_that_is_empty() -> None:
    with pytest.raises(EmptyFileError):
        Bench().load(FileSpec("own.gguf", None, file=FakeLocalFile("own.gguf", b"")))


def test_own_file_that_vanished() -> None:
    class Vanished(FakeLocalFile):
        async def read(self, offset: int, nbytes: int) -> None:
            return None

    with pytest.raises(SourceRefusedError):
        Bench().load(FileSpec("own.gguf", None, file=Vanished("own.gguf", BODY)))
