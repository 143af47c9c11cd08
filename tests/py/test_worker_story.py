# SPDX-License-Identifier: Apache-2.0
import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import Any, cast

import pytest

from browser_fakes import FakeFetcher, FakeJsArena, FakeLocalFile, FakeStore
from fixtures.gguf_writer import write
from fixtures.hostile.template_cases import TEMPLATES
from fixtures.make import (
    SHAPE,
    gguf_tensor,
    model_keys,
    tiny_gguf,
    tiny_llama2c,
    tiny_tokenizer_bin,
    vocabulary_keys,
)
from fixtures.t5_files import WORDS, tiny_t5_gguf
from fixtures.tiny import gpt2_vocabulary, weights
from opener_bench import CHOSEN, requests_of
from taleproof import __version__
from taleproof.apps.open_model import OpenModel
from taleproof.apps.opener import NOT_ASKED, PendingApproval, RefusedFileError
from taleproof.apps.worker.load import Loader
from taleproof.apps.worker.open import Opener
from taleproof.apps.worker.places import places
from taleproof.apps.worker.protocol.files import FileRequest
from taleproof.apps.worker.protocol.models import MemoryFigures
from taleproof.apps.worker.protocol.stories import AlternativesRequest, NewStory
from taleproof.apps.worker.shown import shown_model
from taleproof.apps.worker.story import Story
from taleproof.errors import (
    ChatTemplateError,
    DigestMismatchError,
    InvalidChoiceError,
    InvalidSettingError,
    NothingToContinueError,
    PromptTooLongError,
    RegistryAnswerError,
    RequestsOnlyError,
    RevokedError,
    TokenizerMissingError,
    UnknownArchitectureError,
)
from taleproof.io.reader import BytesBlob
from taleproof.memory.browser import BrowserArena
from taleproof.tasks.generate import ReusableSession
from taleproof.trust.digest import Digests, digest_blob


GREEDY = {
    "seed": "18446744073709551615",
    "temperature": None,
    "topP": None,
    "topK": None,
    "minP": None,
    "repeatPenalty": 1,
    "repeatLastN": 64,
}
WARM = {**GREEDY, "temperature": 50.0, "topP": 0.9}  # tiny models are very sure of themselves


class Bench:
    """An opener, and what it needs."""

    def __init__(self) -> None:
        self.arena = BrowserArena(FakeJsArena())
        self.store = FakeStore()
        self.opener = Opener(self.arena, Loader(self.arena, self.store, FakeFetcher(b"")))

    def open(
        self,
        data: bytes,
        tokenizer_bin: bytes | None = None,
        accept_tokenizer: str | None = None,
        registry: Any = None,
        asks: bool = False,
        **request: Any,
    ) -> OpenModel | PendingApproval:
        """Open a file; where it ``asks``, ``registry`` is the answer about it, or None for no word."""
        requests, chosen = [cast("FileRequest", {**CHOSEN, **request})], [FakeLocalFile("tiny.gguf", data)]
        if tokenizer_bin is not None:
            requests.append({**CHOSEN, "role": "tokenizer", "accept": accept_tokenizer})
            chosen.append(FakeLocalFile("tokenizer.bin", tokenizer_bin))
        sources = requests_of(requests, chosen)

        async def ask() -> Any:
            return {"model": registry, "tokenizer": None}

        asked = ask if asks or registry is not None else None
        return asyncio.run(self.opener.open(sources, "write", None, lambda *_: None, lambda: False, asked))

    def accept(self, data: bytes) -> OpenModel:
        pending = self.open(data)
        assert isinstance(pending, PendingApproval)
        opened = self.open(data, accept=pending.verdict.actual.sha256)
        assert isinstance(opened, OpenModel)
        return opened


def no_memory() -> MemoryFigures:
    return {"arena": 0, "python": 0, "model": 0, "cache": 0}


@cache
def tiny() -> tuple[OpenModel, ReusableSession]:
    opened = Bench().accept(tiny_gguf("Q4_1"))
    return opened, ReusableSession(opened.session)


def story(
    sampler: dict[str, Any] = GREEDY,
    max_tokens: int | None = 12,
    model: tuple[OpenModel, ReusableSession] | None = None,
    **request: Any,
) -> Story:
    opened, session = model or tiny()
    limits = {"maxTokens": max_tokens, "stop": request.pop("stop", []), "pastEnds": request.pop("past_ends", 0)}
    new = {"kind": "new", "prompt": "Once", "mode": "raw", "sampler": sampler, "limits": limits, "date": None}
    ticks = itertools.count()  # a clock by which every event fills its batch
    return Story(opened, session, cast("NewStory", {**new, **request}), no_memory, lambda: float(next(ticks)))


def test_a_name_without_end_is_cut_and_has_no_control_characters() -> None:
    keys = model_keys(SHAPE) | vocabulary_keys(gpt2_vocabulary()) | {"general.name": "A\x1b tale" + "e" * 8_000_000}
    tensors = [gguf_tensor(name, "F32", array) for name, array in weights(SHAPE).items()]
    name = shown_model(Bench().accept(write(keys, tensors)))["name"]
    assert len(name) == 200
    assert name.startswith("A\ufffd talee")


@pytest.fixture(autouse=True, scope="module")
def _close_the_arena() -> Iterator[None]:
    yield
    tiny.cache_clear()


def run(written: Story, stop_after: int | None = None) -> list[Any]:
    events: list[Any] = []
    while written.writing:
        if stop_after is not None and len(written.tokens) >= stop_after:
            events += written.stop()
        else:
            events += written.next()
    return events


def test_unverified_file_waits_unparsed_until_its_digest_is_accepted() -> None:
    bench = Bench()
    pending = bench.open(tiny_gguf())
    assert isinstance(pending, PendingApproval)
    assert pending.verdict.kind == "unverified"
    assert isinstance(bench.open(tiny_gguf(), accept="0" * 64), PendingApproval)
    opened = bench.open(tiny_gguf(), accept=pending.verdict.actual.sha256)
    assert isinstance(opened, OpenModel)
    assert shown_model(opened)["quantisation"] == "Q4_1"


def test_another_digest_than_pinned_is_refused_and_the_arena_is_empty_again() -> None:
    bench = Bench()
    before = bench.arena.top
    with pytest.raises(RefusedFileError) as caught:
        bench.open(tiny_gguf(), pinned={"sha256": "0" * 64})
    assert isinstance(caught.value.error, DigestMismatchError)
    assert caught.value.verdict.kind == "refused"
    assert bench.arena.top == before


def registered(digests: Digests, **change: Any) -> Any:
    expected = {"sha256": digests.sha256, "sha3_256": digests.sha3_256, "size": digests.size}
    where = {"chain": "c1", "application": "a1", "block": 3}
    return {
        "status": "registered",
        "expected": expected,
        "model": "tiny",
        "version": 1,
        "publisher": "0x1",
        **where,
        **change,
    }


def test_the_registry_vouches_and_both_digests_are_computed() -> None:
    digests = digest_blob(BytesBlob(tiny_gguf()), sha3=True)
    opened = Bench().open(tiny_gguf(), registry=registered(digests), pinned={"sha256": digests.sha256})
    assert isinstance(opened, OpenModel)
    assert opened.verdict.kind == "registered"
    assert opened.loaded.digests == digests
    revoked = registered(digests, status="revoked", reason="poisoned")
    assert opened.judge({**NOT_ASKED, "model": revoked}).kind == "revoked"
    assert opened.judge(NOT_ASKED).kind == "pinned"


def test_what_was_listed_is_kept_and_vouches_for_nothing() -> None:
    digests = digest_blob(BytesBlob(tiny_gguf()))
    bench, listed = Bench(), {"sha256": digests.sha256}
    pending = bench.open(tiny_gguf(), listed=listed)
    assert isinstance(pending, PendingApproval)
    assert pending.verdict.kind == "unverified"
    assert bench.store.kept == {}
    opened = bench.open(tiny_gguf(), listed=listed, registry=registered(digests))
    assert isinstance(opened, OpenModel)
    assert (opened.verdict.kind, opened.judge(NOT_ASKED).kind) == ("registered", "unverified")
    assert digests.sha256 in bench.store.kept
    again = bench.open(
        b"", source={"kind": "stored", "sha256": digests.sha256}, listed=listed, registry=registered(digests)
    )
    assert isinstance(again, OpenModel)
    assert again.loaded.stored


def test_another_sha3_than_the_registrys_is_refused_whatever_the_catalogue_says() -> None:
    digests = digest_blob(BytesBlob(tiny_gguf()), sha3=True)
    answer = registered(digests)
    answer["expected"]["sha3_256"] = "0" * 64
    with pytest.raises(RefusedFileError) as caught:
        Bench().open(tiny_gguf(), registry=answer, pinned={"sha256": digests.sha256})
    assert caught.value.verdict.kind == "refused"
    assert "registry" in caught.value.verdict.sentence


def test_a_revoked_file_is_refused_with_the_reason() -> None:
    digests = digest_blob(BytesBlob(tiny_gguf()))
    with pytest.raises(RefusedFileError) as caught:
        Bench().open(
            tiny_gguf(),
            registry=registered(digests, status="revoked", reason="poisoned"),
            pinned={"sha256": digests.sha256},
        )
    assert isinstance(caught.value.error, RevokedError)
    assert "poisoned" in caught.value.error.message


def test_an_answer_of_another_shape_opens_nothing() -> None:
    bench = Bench()
    before = bench.arena.top
    digests = digest_blob(BytesBlob(tiny_gguf()))
    with pytest.raises(RegistryAnswerError, match="block"):
        bench.open(tiny_gguf(), registry=registered(digests, block="three"), pinned={"sha256": digests.sha256})
    assert bench.arena.top == before


def test_second_model_takes_the_place_of_the_first() -> None:
    bench = Bench()
    bench.accept(tiny_gguf("Q8_0"))
    top = bench.arena.top
    bench.accept(tiny_gguf("Q4_1"))
    assert bench.arena.top < top


def test_unknown_architecture_is_refused_after_acceptance() -> None:
    bench = Bench()
    data = tiny_gguf().replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0lhama", 1)
    with pytest.raises(UnknownArchitectureError):
        bench.accept(data)


def test_llama2c_needs_its_tokenizer() -> None:
    bench = Bench()
    with pytest.raises(TokenizerMissingError):
        bench.accept(tiny_llama2c())


def test_both_files_of_a_llama2c_model_are_judged() -> None:
    bench = Bench()
    model, tokenizer = tiny_llama2c(), tiny_tokenizer_bin()
    first = bench.open(model, tokenizer)
    assert isinstance(first, PendingApproval)
    assert first.role == "model"
    accept = first.verdict.actual.sha256
    then = bench.open(model, tokenizer, accept=accept)
    assert isinstance(then, PendingApproval)
    assert then.role == "tokenizer"
    opened = bench.open(model, tokenizer, then.verdict.actual.sha256, accept=accept)
    assert isinstance(opened, OpenModel)
    assert opened.tokenizer_digests == then.verdict.actual


def test_where_a_registry_is_asked_both_digests_of_every_file_are_told() -> None:
    bench = Bench()
    model, tokenizer = tiny_llama2c(), tiny_tokenizer_bin()
    hashed = [digest_blob(BytesBlob(data), sha3=True) for data in (model, tokenizer)]
    opened = bench.open(model, tokenizer, hashed[1].sha256, asks=True, accept=hashed[0].sha256)
    assert isinstance(opened, OpenModel)
    assert opened.verdict.kind == "unverified"
    told = shown_model(opened)
    assert [told["digests"], told["tokenizer"]] == [asdict(digests) for digests in hashed]
    assert shown_model(tiny()[0])["tokenizer"] is None


def test_same_seed_same_story_another_seed_another() -> None:
    first, second, third = story(WARM), story(WARM), story({**WARM, "seed": "7"})
    for written in (first, second, third):
        run(written)
    assert first.tokens == second.tokens
    assert first.tokens != third.tokens


def test_continued_story_is_the_one_of_a_higher_limit() -> None:
    whole, parts = story(WARM, 20), story(WARM, 8)
    run(whole)
    run(parts)
    parts.resume(12)
    run(parts)
    assert parts.tokens == whole.tokens
    assert parts.text == whole.text
    assert parts.record() == whole.record()


@pytest.mark.parametrize("end", [None, "finish", "cut"])
def test_every_setting_goes_on_with_a_continued_story(end: Any) -> None:
    dry = {"multiplier": 0.5, "base": 2.0, "allowedLength": 1, "lastN": -1, "sequenceBreakers": ["\n"]}
    sampler = {**WARM, "dry": dry, "xtc": {"probability": 0.5, "threshold": 0.1}}
    limits = {"minTokens": 18, "endAtSentence": end, "stop": []}
    parts = story(sampler, limits={**limits, "maxTokens": 8})
    events = run(parts)
    parts.resume(12)
    events += run(parts)
    whole = story(sampler, limits={**limits, "maxTokens": parts.limits.max_tokens})
    run(whole)
    assert parts.record() == whole.record()
    assert whole.record().value()["sampler"]["dry"]["base"] == 2.0  # type: ignore[index,call-overload]
    assert all("cut" not in event or event["cut"]["tokens"] > 0 for event in events)


@pytest.mark.parametrize(
    "limits", [{"minTokens": None}, {"minTokens": -1}, {"endAtSentence": "soon"}, {"endAtSentence": 1}], ids=str
)
def test_refuses_limits_that_are_not_possible(limits: dict[str, Any]) -> None:
    with pytest.raises((InvalidSettingError, InvalidChoiceError)):
        story(limits={"maxTokens": 3, "stop": [], **limits})


def test_stopped_story_goes_on_where_it_stood() -> None:
    whole, parts = story(WARM, 20), story(WARM, 20)
    run(whole)
    events = run(parts, stop_after=5)
    assert events[-1]["reason"] == "stopped"
    assert events[-1]["canContinue"]
    parts.resume(20 - len(parts.tokens))
    run(parts)
    assert parts.tokens == whole.tokens
    assert parts.text == whole.text


def test_stop_in_a_long_prompt_takes_no_further_step_and_the_story_goes_on_as_if_it_had_not_been() -> None:
    prompt = "Once upon a time " * 3
    whole, parts = story(WARM, 8, prompt=prompt), story(WARM, 8, prompt=prompt)
    run(whole)
    _, session = tiny()
    session.lend()  # which empties the cache
    [step] = [event for event in parts.next() if event["kind"] == "prefill"]
    assert 0 < step["done"] < step["total"] == len(parts.prompt_ids)
    [ended] = parts.stop()
    assert ended["kind"] == "finished"
    assert (ended["reason"], ended["canContinue"], parts.tokens) == ("stopped", True, [])
    assert session.position == step["done"]
    parts.resume(8)
    events = run(parts)
    assert events[0] == {"kind": "prefill", "done": step["done"] + session.prefill_chunk.size, "total": step["total"]}
    assert parts.record() == whole.record()


def test_stop_shows_what_was_held_back_for_a_stop_string() -> None:
    opened, _ = tiny()
    plain = story(GREEDY, 6)
    run(plain)
    text = opened.tokenizer.decode(plain.tokens)
    stop_string = text[-1:] + "\x00 never written"
    held = story(GREEDY, 6, stop=[stop_string])
    while len(held.tokens) < 6:
        held.next()
        if not held.writing:
            break
    held.stop()
    assert held.text == plain.text


def test_story_at_its_end_cannot_go_on() -> None:
    written = story(GREEDY, 500, stop=[story_text(GREEDY)[:2]])
    events = run(written)
    assert (events[-1]["reason"], events[-1]["canContinue"]) == ("stop-string", False)
    with pytest.raises(NothingToContinueError):
        written.resume(10)


def story_text(sampler: dict[str, Any]) -> str:
    written = story(sampler)
    run(written)
    return written.text


def ended_by_itself() -> tuple[dict[str, Any], Story]:
    """A story that its model ends after some tokens, and the sampler's settings."""
    for seed in range(1000):
        sampler = {**WARM, "seed": str(seed)}
        written = story(sampler, 40)
        if run(written)[-1]["reason"] == "stop" and written.tokens:
            return sampler, written
    raise AssertionError("no seed ends by itself")


def test_a_story_goes_on_past_its_own_end_and_its_record_writes_it_again() -> None:
    sampler, written = ended_by_itself()
    first, eos = written.tokens, tiny()[0].tokenizer.eos_ids
    ended = written.record().value()
    assert "past_ends" not in cast("dict[str, Any]", ended["limits"])
    written.resume(36)
    events = run(written)
    assert written.tokens[: len(first)] == first
    assert len(written.tokens) >= len(first) + 32
    assert not eos & set(written.tokens)
    limits = written.record().value()["limits"]
    assert limits == {"max_tokens": len(first) + 36, "stop": [], "context": 96, "past_ends": 1}
    again = story(sampler, len(first) + 36, past_ends=1)
    assert run(again)[-1]["record"] == events[-1]["record"]
    assert again.tokens == written.tokens


def test_every_batch_tells_and_the_last_one_carries_the_record() -> None:
    written = story()
    assert written.started()[0] == {
        "kind": "started",
        "seed": "18446744073709551615",
        "promptTokens": len(written.prompt_ids),
        "sessionLength": 96,
        "date": None,
        "budget": {
            "request": 0,
            "memory": 0,
            "note": 0,
            "story": len(written.prompt_ids),
            "room": 96 - len(written.prompt_ids),
            "leftOut": [],
        },
    }
    events = run(written)
    kinds = [event["kind"] for event in events]
    assert kinds[0] == "prefill"
    assert kinds[-1] == "finished"
    assert kinds.count("token") == 12
    assert events[-1]["stats"]["tokens"] == 12
    assert events[-1]["record"]["sampler"]["seed"] == "18446744073709551615"
    assert events[-1]["record"]["tokens"] == written.tokens
    assert written.next() == []
    assert written.stop() == []


def test_chat_mode_uses_the_template() -> None:
    assert len(story(mode="chat").prompt_ids) > len(story().prompt_ids)


def test_the_date_that_a_template_asks_for_is_the_requests_and_stands_in_the_record() -> None:
    opened = Bench().accept(tiny_gguf("F32", chat_template="{{ strftime_now('%Y-%m-%d') }}"))
    model = opened, ReusableSession(opened.session)
    dated = story(model=model, mode="chat", date="2026-02-03")
    [started] = dated.started()
    assert started["kind"] == "started"
    assert started["date"] == "2026-02-03"
    assert opened.tokenizer.decode(dated.prompt_ids).endswith("2026-02-03")
    assert dated.record().value()["chat"] == {"date": "2026-02-03"}
    again = story(model=model, mode="chat")  # as records without a date were told
    assert opened.tokenizer.decode(again.prompt_ids).endswith("2024-07-26")
    assert "chat" not in story(model=model, date="2026-02-03").record().value()


@pytest.mark.parametrize("bomb", ["nested print", "many elifs", "int base16 then //", "print function"])
def test_a_hostile_template_is_named_and_the_next_good_model_writes(bomb: str) -> None:
    opened = Bench().accept(tiny_gguf("F32", chat_template=TEMPLATES[bomb]))
    with pytest.raises(ChatTemplateError, match="chat template failed"):
        story(model=(opened, ReusableSession(opened.session)), mode="chat")
    assert run(story(mode="chat", max_tokens=2))[-1]["kind"] == "finished"


def test_a_record_names_the_engine_and_no_date_where_none_was_asked_for() -> None:
    value = story(mode="chat", date="2026-02-03").record().value()
    assert value["engine"] == __version__
    assert "chat" not in value


@pytest.mark.parametrize("date", ["2026-2-3", "2026-02-30", "today", "20260203", "2026-02-03T00:00", "２０26-02-03", 7])
def test_date_that_is_no_date(date: object) -> None:
    with pytest.raises(InvalidSettingError):
        story(mode="chat", date=date)


@pytest.mark.parametrize("prompt", ["\ud800", "a\udfffb", "\U0001f600", "שלום עולם"])
def test_any_text_is_a_prompt(prompt: str) -> None:
    written = story(max_tokens=2, prompt=prompt)
    run(written)
    assert written.record().canonical()


def test_prompt_longer_than_the_context() -> None:
    with pytest.raises(PromptTooLongError):
        story(prompt="word " * 20_000)


@pytest.mark.parametrize("seed", ["", "-1", "1.5", "18446744073709551616", "1e3", "²"])
def test_seed_that_is_no_seed(seed: str) -> None:
    with pytest.raises(InvalidSettingError):
        story({**GREEDY, "seed": seed})


def test_limit_that_is_no_number() -> None:
    with pytest.raises(InvalidSettingError):
        story(max_tokens=None)


def test_a_model_that_reads_first_answers_requests_and_is_continued() -> None:
    opened = Bench().accept(tiny_t5_gguf("t5", WORDS))
    model = opened, ReusableSession(opened.session)
    assert shown_model(opened)["hasChatTemplate"]
    for mode in ("raw", "story"):
        with pytest.raises(RequestsOnlyError):
            story(model=model, mode=mode)
    whole = story(model=model, mode="chat", prompt="a big cat", max_tokens=9)
    run(whole)
    parted = story(model=model, mode="chat", prompt="a big cat", max_tokens=4)
    run(parted)
    parted.resume(5)
    run(parted)
    assert len(whole.tokens) == 9
    assert parted.tokens == whole.tokens
    other = story(model=model, mode="chat", prompt="a small dog", max_tokens=9)
    run(other)
    assert other.tokens != whole.tokens


def test_a_story_goes_on_after_a_question_about_it() -> None:
    whole = story(WARM, 30)
    run(whole)
    parted = story(WARM, 12)
    run(parted)
    opened, session = tiny()
    request = {"promptTokens": parted.prompt_ids, "tokens": parted.tokens, "begin": 2, "end": 5, "count": 10}
    asked = places(opened, session, cast("AlternativesRequest", request))
    assert [place["chosen"]["id"] for place in asked] == whole.tokens[2:5]
    parted.resume(18)
    run(parted)
    assert parted.tokens == whole.tokens
    assert parted.record() == whole.record()
