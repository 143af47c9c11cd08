# SPDX-License-Identifier: Apache-2.0
"""Where bytes come from: each byte once and in order, over connections that drop and servers that lie."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.web_server import FILE, URL, Answer, Server
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
from taleproof.io import download as module
from taleproof.io.download import MAX_ATTEMPTS, UrlSource


class Waits:
    """Stands for the pauses between attempts, and remembers them."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def source(server: Server, **options: Any) -> UrlSource:
    return UrlSource(server, URL, pause=options.pop("pause", Waits()), **options)


async def everything(it: UrlSource) -> None:
    await it.open()
    async for _ in it.pieces():
        pass


def fetched(server: Server, **options: Any) -> bytes:
    """Download the file; whatever happens, no connection stays open."""
    try:
        asyncio.run(everything(source(server, **options)))
        return bytes(server.put)
    finally:
        assert server.open_connections == 0


def test_a_connection_that_holds() -> None:
    server = Server()
    assert fetched(server) == FILE
    assert server.asked == [""]


def test_the_size_is_known_before_the_first_chunk() -> None:
    server = Server()

    async def look() -> int | None:
        it = source(server)
        size = await it.open()
        assert it.received == 0
        await it.stop()
        return size

    assert asyncio.run(look()) == len(FILE)
    assert server.open_connections == 0


def test_the_name_comes_from_the_address() -> None:
    assert source(Server()).name == "tiny.gguf"
    assert source(Server(), name="My model").name == "My model"


def test_a_dropped_connection_goes_on_where_it_broke_off() -> None:
    server = Server(drops=[100_000, 70_000])
    assert fetched(server) == FILE
    assert server.asked == ["", "bytes=100000-", "bytes=170000-"]


def test_a_server_without_ranges_begins_again_and_no_byte_comes_twice() -> None:
    server = Server(drops=[100_005, None], ranges=False)
    assert fetched(server) == FILE


def test_a_body_that_ends_too_early_without_an_error_goes_on_too() -> None:
    server = Server()
    whole = server.get

    async def short_once(url: str, headers: Mapping[str, str]) -> Answer:
        answer = await whole(url, headers)
        if len(server.asked) == 1:
            answer.body = answer.body[:1000]
        return answer

    server.get = short_once  # type: ignore[method-assign]
    assert fetched(server) == FILE


@settings(max_examples=60, deadline=None)
@given(drops=st.lists(st.integers(-1, 400_000), max_size=4), ranges=st.booleans(), chunk=st.integers(1000, 80_000))
def test_every_byte_once_whatever_happens(drops: list[int | None], ranges: bool, chunk: int) -> None:
    assert fetched(Server(drops=drops, ranges=ranges, chunk=chunk)) == FILE


def test_attempts_are_bounded_and_wait_longer_each_time() -> None:
    waits = Waits()
    server = Server(drops=[100_000, *[0] * 99])
    with pytest.raises(DownloadInterruptedError, match="100,000 of 307,200 bytes") as caught:
        fetched(server, pause=waits)
    assert caught.value.code == "download-interrupted"
    assert len(server.asked) == MAX_ATTEMPTS
    assert waits.seconds == [0.5, 1.0, 2.0, 4.0]


def test_progress_renews_the_attempts() -> None:
    server = Server(drops=[*[module.PROGRESS] * 4, *[0] * (MAX_ATTEMPTS - 2)])
    assert fetched(server) == FILE


def test_a_connection_that_brings_a_few_bytes_each_time_is_given_up() -> None:
    with pytest.raises(DownloadInterruptedError):
        fetched(Server(drops=[10] * 99))


def test_no_connection_at_all() -> None:
    server = Server(drops=[-1] * 99)
    with pytest.raises(SourceUnreachableError, match="could not be reached"):
        fetched(server)
    assert len(server.asked) == MAX_ATTEMPTS


@pytest.mark.parametrize("status", [404, 410])
def test_nothing_there(status: int) -> None:
    with pytest.raises(SourceNotFoundError, match=str(status)):
        fetched(Server(statuses=[status]))


@pytest.mark.parametrize("status", [401, 403, 204, 206, 302, 400])
def test_an_answer_that_is_not_the_file(status: int) -> None:
    with pytest.raises(SourceRefusedError, match=str(status)):
        fetched(Server(statuses=[status]))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_asked_again(status: int) -> None:
    assert fetched(Server(statuses=[status] * (MAX_ATTEMPTS - 1))) == FILE
    with pytest.raises(SourceRefusedError, match=str(status)):
        fetched(Server(statuses=[status] * MAX_ATTEMPTS))


def test_a_web_page_by_its_type() -> None:
    with pytest.raises(HtmlInsteadOfModelError):
        fetched(Server(headers={"content-type": "text/html; charset=utf-8"}))


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>Hello", b"\xef\xbb\xbf\n <HTML>", b"<?xml version='1.0'?>"])
def test_a_web_page_by_its_content(page: bytes) -> None:
    with pytest.raises(HtmlInsteadOfModelError):
        fetched(Server(body=page))


def test_an_empty_file() -> None:
    with pytest.raises(EmptyFileError):
        fetched(Server(body=b""))


def test_a_size_that_is_not_the_expected_one_is_refused_before_the_download() -> None:
    server = Server()
    with pytest.raises(WrongSizeError, match="307,200 bytes where 5 were expected"):
        fetched(server, expected_size=5)


def test_more_bytes_than_were_announced() -> None:
    with pytest.raises(WrongSizeError, match="expected"):
        fetched(Server(says_length=False), expected_size=1000)
    with pytest.raises(WrongSizeError):
        fetched(Server(headers={"content-length": "1000"}))


def test_a_server_that_does_not_say_the_size() -> None:
    assert fetched(Server(says_length=False)) == FILE


def test_a_compressed_answer_is_never_resumed_in_the_middle() -> None:
    """Its length and its ranges count other bytes than those that arrive."""
    server = Server(drops=[100_000], headers={"content-encoding": "gzip", "content-length": "17"})
    assert fetched(server) == FILE
    assert server.asked == ["", ""]


@pytest.mark.parametrize("headers", [{"etag": '"two"'}, {"content-range": "bytes 5-9/10"}])
def test_a_file_that_changes_during_the_download(headers: dict[str, str]) -> None:
    server = Server(drops=[100_000])

    async def change() -> None:
        it = source(server)
        await it.open()
        server.headers = headers
        async for _ in it.pieces():
            pass

    with pytest.raises(SourceChangedError):
        asyncio.run(change())


def test_a_file_that_became_shorter() -> None:
    server = Server(drops=[100_000])

    async def shrink() -> None:
        it = source(server)
        await it.open()
        server.statuses = [416]
        async for _ in it.pieces():
            pass

    with pytest.raises(SourceChangedError):
        asyncio.run(shrink())


def test_stop_in_the_middle() -> None:
    server = Server()

    async def stopped() -> None:
        it = source(server)
        await it.open()
        async for _ in it.pieces():
            if it.received >= 50_000:
                await it.stop()

    with pytest.raises(DownloadStoppedError, match=r"Stopped after 0\.1 MB") as caught:
        asyncio.run(stopped())
    assert caught.value.code == "download-stopped"
    assert caught.value.details["received"] == 50_000
    assert server.open_connections == 0


def test_stop_while_waiting_for_another_attempt() -> None:
    server = Server(drops=[0] * 99)

    async def stopped() -> None:
        async def stop(_: float) -> None:
            await it.stop()

        it = source(server, pause=stop)
        await everything(it)

    with pytest.raises(DownloadStoppedError):
        asyncio.run(stopped())
    assert len(server.asked) == 1


class SilentServer(Server):
    """Takes the connection and never answers."""

    reached: asyncio.Event
    let_go = False

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        self.reached.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.let_go = True
            raise
        raise AssertionError("it never answers")


def test_stop_before_the_server_answers() -> None:
    server = SilentServer()

    async def stopped() -> None:
        server.reached = asyncio.Event()
        it = source(server)
        opening = asyncio.ensure_future(it.open())
        await server.reached.wait()
        await it.stop()
        await opening

    with pytest.raises(DownloadStoppedError):
        asyncio.run(stopped())
    assert server.let_go


def test_stop_in_a_pause_does_not_wait_for_its_end() -> None:
    server = Server(drops=[-1] * 99)
    waiting = asyncio.Event()

    async def stopped() -> None:
        async def pause(_: float) -> None:
            waiting.set()
            await asyncio.Event().wait()

        it = source(server, pause=pause)
        opening = asyncio.ensure_future(it.open())
        await waiting.wait()
        await it.stop()
        await opening

    with pytest.raises(DownloadStoppedError):
        asyncio.run(stopped())
    assert len(server.asked) == 1


def test_a_reader_that_goes_away_closes_the_connection() -> None:
    server = Server()

    async def leave() -> None:
        it = source(server)
        await it.open()
        pieces = it.pieces()
        await anext(pieces)
        await pieces.aclose()

    asyncio.run(leave())
    assert server.open_connections == 0
