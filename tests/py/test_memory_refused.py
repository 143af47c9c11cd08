# SPDX-License-Identifier: Apache-2.0
"""Memory that the browser refuses: the most that fits is used or said, and the page can open another model."""

import asyncio
from pathlib import Path

import pytest

from browser_fakes import FakeFetcher, FakeJsArena, FakeLocalFile, FakeStore
from fixtures.make import tiny_gguf
from fixtures.tiny import Shape
from opener_bench import CHOSEN, requests_of
from taleproof.apps.local import open_local
from taleproof.apps.open_model import OpenModel
from taleproof.apps.opener import PendingApproval
from taleproof.apps.worker.load import Loader
from taleproof.apps.worker.open import Opener
from taleproof.errors import ContextTooLargeError, OutOfMemoryError
from taleproof.memory import wasmtime as wasmtime_arena
from taleproof.memory.arena import ALIGNMENT, PAGE
from taleproof.memory.browser import BrowserArena
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.tasks import engine as engine_module
from taleproof.tasks.generate import ReusableSession


LONG = Shape(context=2048)
"""A model whose cache is larger than its weights."""


class Bench:
    """An opener in a browser that gives no more than so many bytes."""

    def __init__(self, most: int) -> None:
        self.arena = BrowserArena(FakeJsArena(most))
        self.opener = Opener(self.arena, Loader(self.arena, FakeStore(), FakeFetcher(b"")))

    def open(self, data: bytes, context: int | None = None) -> OpenModel:
        file_request = CHOSEN
        for _ in range(2):
            sources = requests_of([file_request], [FakeLocalFile("tiny.gguf", data)])
            answer = asyncio.run(self.opener.open(sources, "write", context, lambda *_: None, lambda: False))
            if isinstance(answer, PendingApproval):
                file_request = {**CHOSEN, "accept": answer.verdict.actual.sha256}
        assert isinstance(answer, OpenModel)
        return answer


def bytes_of_memory(context: int) -> int:
    """Return the bytes of memory that the model takes with a context."""
    bench = Bench(1 << 32)
    bench.open(tiny_gguf(shape=LONG), context)
    return -(-bench.arena.top // PAGE) * PAGE


def test_a_session_has_the_longest_context_that_fits() -> None:
    assert Bench(bytes_of_memory(2048)).open(tiny_gguf(shape=LONG)).session.n_ctx == 2048
    most = bytes_of_memory(600)
    short = Bench(most).open(tiny_gguf(shape=LONG)).session
    longest = max(context for context in range(32, 2048, 32) if bytes_of_memory(context) <= most)
    assert short.n_ctx == longest >= 600
    long = Bench(1 << 32).open(tiny_gguf(shape=LONG)).session
    ids = list(range(70))
    first, second = short.forward(ids), long.forward(ids)
    assert first is not None
    assert second is not None
    assert first.tobytes() == second.tobytes()


def test_where_more_was_asked_for_the_error_says_what_fits() -> None:
    bench = Bench(bytes_of_memory(600))
    empty = bench.arena.top
    with pytest.raises(ContextTooLargeError) as caught:
        bench.open(tiny_gguf(shape=LONG), 2048)
    fits = caught.value.details["fits"]
    assert isinstance(fits, int)
    assert caught.value.details == {"asked": 2048, "fits": fits}
    assert 600 <= fits < 700
    assert bench.arena.top == empty
    with pytest.raises(ContextTooLargeError):
        bench.open(tiny_gguf(shape=LONG), fits + 32)
    assert bench.open(tiny_gguf(shape=LONG), fits).session.n_ctx == fits
    assert bench.open(tiny_gguf(shape=LONG)).session.n_ctx == fits


def test_a_model_that_does_not_fit_is_refused_with_what_does_and_another_can_be_opened() -> None:
    small, large = tiny_gguf(), tiny_gguf("F32", shape=Shape(layers=6, hidden=1024))
    most = len(large) * 3 // 4
    bench = Bench(most)
    with pytest.raises(OutOfMemoryError) as caught:
        bench.open(large)
    needed, used, limit = (caught.value.details[key] for key in ("needed", "used", "limit"))
    assert isinstance(needed, int)
    assert isinstance(used, int)
    assert limit is None
    assert f"does not give {(needed + used) / 1e6:,.0f} MB" in caught.value.message
    session = ReusableSession(bench.open(small).session).lend()
    assert session.forward([1, 2, 3]) is not None


def test_a_refused_allocation_changes_nothing_in_a_browser() -> None:
    most = 64 << 20
    js = FakeJsArena(most)
    arena = BrowserArena(js)
    arena.allocate(10 << 20)
    size, top = js.size, arena.top
    for asked in (most, 1 << 32):
        with pytest.raises(OutOfMemoryError):
            arena.allocate(asked)
        assert (js.size, arena.top) == (size, top)
    offset = arena.allocate(40 << 20)
    assert offset < top + ALIGNMENT


def test_a_limit_that_is_known_is_said() -> None:
    arena = BrowserArena(FakeJsArena(), limit=64 << 20)
    with pytest.raises(OutOfMemoryError, match="67 MB is the most there can be"):
        arena.allocate(100 << 20)


def test_a_refused_allocation_changes_nothing_in_a_terminal() -> None:
    arena = WasmtimeArena()
    arena._store.set_limits(memory_size=64 << 20)
    used = arena.allocate(10 << 20) + (10 << 20)
    size = arena._memory.data_len(arena._store)
    for asked in (100 << 20, 1 << 32):
        with pytest.raises(OutOfMemoryError):
            arena.allocate(asked)
        assert arena._memory.data_len(arena._store) == size
    assert used <= arena.allocate(1) < used + ALIGNMENT


def test_a_terminal_says_what_fits_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(tiny_gguf(shape=LONG))

    def limited() -> WasmtimeArena:
        arena = WasmtimeArena()
        arena._store.set_limits(memory_size=bytes_of_memory(600))
        return arena

    monkeypatch.setattr(wasmtime_arena, "fastest_arena", limited)
    with pytest.raises(ContextTooLargeError) as caught:
        open_local(tmp_path, context=2048)
    fits = caught.value.details["fits"]
    assert isinstance(fits, int)
    assert 600 <= fits < 700
    assert open_local(tmp_path, context=fits).session.n_ctx == open_local(tmp_path).session.n_ctx == fits


def test_what_a_position_takes() -> None:
    # 2 layers, keys and values, 2 heads each: 64 numbers of 2 bytes, and a scale of 4.
    engine = Bench(1 << 32).open(tiny_gguf(shape=LONG)).engine
    assert engine.position_bytes == 2 * 2 * 2 * (64 * 2 + 4)


def test_a_cache_that_nobody_asked_for_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MAX_CACHE", 1056 * 1000)
    bench = Bench(1 << 32)
    assert bench.open(tiny_gguf(shape=LONG)).session.n_ctx == 992  # the last multiple of 32 up to 1,000
    assert bench.open(tiny_gguf(shape=LONG), 2048).session.n_ctx == 2048
