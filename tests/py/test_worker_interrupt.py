# SPDX-License-Identifier: Apache-2.0
"""What Stop breaks into: parsing and preparing, which leave everything as it was, and nothing else."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.make import tiny_gguf
from opener_bench import Bench
from taleproof.apps import opener as worker_open
from taleproof.apps.model_set import read_model
from taleproof.apps.open_model import OpenModel
from taleproof.apps.opener import PendingApproval
from taleproof.apps.worker.interrupt import Interrupts
from taleproof.errors import StoppedError
from taleproof.io.reader import BytesBlob
from taleproof.trust.digest import digest_blob


MODEL = tiny_gguf()
ACCEPTED = digest_blob(BytesBlob(MODEL)).sha256


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    before = signal.getsignal(signal.SIGINT)
    yield Interrupts()
    signal.signal(signal.SIGINT, before)


def test_a_signal_breaks_into_what_is_marked_even_if_it_runs_for_ever(interrupts: Interrupts) -> None:
    def for_ever() -> None:
        signal.raise_signal(signal.SIGINT)
        while True:
            pass

    with pytest.raises(KeyboardInterrupt), interrupts:
        for_ever()


def test_a_signal_at_any_other_time_is_dropped(interrupts: Interrupts) -> None:
    signal.raise_signal(signal.SIGINT)
    with interrupts:
        pass
    signal.raise_signal(signal.SIGINT)


def test_one_break_is_enough(interrupts: Interrupts) -> None:
    caught = 0
    try:
        with interrupts:
            signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        caught += 1
        signal.raise_signal(signal.SIGINT)  # while what was begun is being cleared away
    assert caught == 1


def test_a_model_that_was_stopped_while_it_was_prepared_leaves_an_empty_arena_and_opens_again(
    interrupts: Interrupts, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(interrupts=interrupts)
    before = bench.arena.top
    assert isinstance(bench.open({"tiny.gguf": MODEL}), PendingApproval)

    def stopped(*arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return read_model(*arguments)

    monkeypatch.setattr(worker_open, "read_model", stopped)
    with pytest.raises(KeyboardInterrupt):
        bench.open({"tiny.gguf": MODEL}, accept=ACCEPTED)
    assert bench.arena.top == before
    monkeypatch.setattr(worker_open, "read_model", read_model)
    bench.open({"tiny.gguf": MODEL})
    assert isinstance(bench.open({"tiny.gguf": MODEL}, accept=ACCEPTED), OpenModel)


def test_stop_that_came_after_the_last_byte_is_heard_before_anything_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    bench.open({"tiny.gguf": MODEL})
    monkeypatch.setattr(worker_open, "read_model", lambda *_: pytest.fail("it was parsed"))
    with pytest.raises(StoppedError):
        bench.open({"tiny.gguf": MODEL}, accept=ACCEPTED, stopped=True)
