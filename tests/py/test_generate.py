# SPDX-License-Identifier: Apache-2.0
"""The loop, with a session that follows a script: what it reads again, where it stops, what it shows."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from scripted import BOS, EOS, VOCAB, Bytes, Script, generate
from taleproof.errors import EmptyPromptError, InvalidSettingError, NumericsError, PromptTooLongError
from taleproof.sampling.chain import NumpySampler
from taleproof.sampling.config import SamplerConfig
from taleproof.tasks.base import Finished, Progress, Token
from taleproof.tasks.generate import Event, Limits, ReusableSession, encode_prompt


def greedy() -> NumpySampler:
    return NumpySampler(SamplerConfig())


def run(
    session: Script | ReusableSession, prompt: Sequence[int], limits: Limits, sampler: NumpySampler | None = None
) -> list[Event]:
    return list(generate(session, Bytes(), prompt, sampler or greedy(), limits))


def shown(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token | Finished))


def tokens(events: Sequence[Event]) -> list[int]:
    return [event.id for event in events if isinstance(event, Token)]


def ending(events: Sequence[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last


class TestPrefill:
    def test_goes_in_batches_with_logits_for_the_last_token_only(self) -> None:
        session = Script(b"0123456789abc")
        events = run(session, list(b"0123456789"), Limits(0))
        assert events[:-1] == [Progress(4, 10), Progress(8, 10), Progress(10, 10)]
        assert session.calls == [(0, 4, "none"), (4, 4, "none"), (8, 2, "last")]
        assert ending(events).reason == "length"

    def test_a_plain_session_starts_afresh(self) -> None:
        session = Script(b"abc")
        session.forward([1, 2, 3])
        events = run(session, [9], Limits(3))
        assert shown(events) == "bc"

    def test_refuses_an_empty_prompt(self) -> None:
        with pytest.raises(EmptyPromptError):
            generate(Script(b""), Bytes(), [], greedy(), Limits(1))

    def test_refuses_a_prompt_longer_than_the_context_with_both_numbers(self) -> None:
        with pytest.raises(PromptTooLongError) as caught:
            generate(Script(b"", n_ctx=1024), Bytes(), [0] * 1025, greedy(), Limits(1))
        assert caught.value.details == {"tokens": 1025, "context": 1024}
        assert "1,025" in caught.value.message
        assert "1,024" in caught.value.message

    def test_an_empty_text_is_bos_alone_or_refused(self) -> None:
        assert encode_prompt(Bytes(BOS), "") == [BOS]
        with pytest.raises(EmptyPromptError):
            encode_prompt(Bytes(), "")


class TestEnding:
    def test_end_of_text_token_is_not_written(self) -> None:
        events = run(Script(b"?hello"), [0], Limits(100))
        assert shown(events) == "hello"
        assert EOS not in tokens(events)
        assert ending(events).reason == "stop"

    def test_most_tokens(self) -> None:
        events = run(Script(b"?hello"), [0], Limits(3))
        assert (shown(events), ending(events).reason) == ("hel", "length")

    def test_context_full(self) -> None:
        session = Script(b"?hello", n_ctx=3)
        events = run(session, [0], Limits(100))
        assert (shown(events), ending(events).reason) == ("hel", "context")
        assert session.position == 3

    def test_a_prompt_that_fills_the_context_leaves_room_for_one_choice(self) -> None:
        events = run(Script(b"????x", n_ctx=4), [0, 0, 0, 0], Limits(100))
        assert (shown(events), ending(events).reason) == ("x", "context")

    def test_stop_string_across_tokens_is_not_shown(self) -> None:
        events = run(Script(b"?one END two"), [0], Limits(100, ("END",)))
        assert (shown(events), ending(events).reason) == ("one ", "stop-string")
        assert bytes(tokens(events)) == b"one END"

    def test_text_that_only_looked_like_a_stop_string_is_shown_in_the_end(self) -> None:
        events = run(Script(b"?one ENDED"), [0], Limits(100, ("ENDURE", "EDX")))
        assert shown(events) == "one ENDED"
        assert ending(events).text == "ED"

    @pytest.mark.parametrize("times", [1, 2])
    def test_past_an_end_another_token_is_chosen_and_the_next_ones_can_not_end_it(self, times: int) -> None:
        events = run(Script(b"?ab"), [0], Limits(1000, past_ends=times))  # a, b, the end, ?, and the same again
        other = VOCAB - 2  # where the end can't be chosen all others are equal, and the last of them is taken
        # It ends after 2 tokens; the next end is the first after 32 more, and so on.
        assert tokens(events) == ([*b"ab", other, *b"?"] * 99)[: 2 + 32 * times]
        assert ending(events).reason == "stop"

    def test_a_vocabulary_of_ends_alone_ends(self) -> None:
        tokenizer = Bytes()
        tokenizer.eos_ids = frozenset(range(VOCAB))
        events = list(generate(Script(b"?ab"), tokenizer, [0], greedy(), Limits(9, past_ends=5)))
        assert (tokens(events), ending(events).reason) == ([], "stop")

    def test_closing_stops(self) -> None:
        session = Script(b"?hello")
        events = generate(session, Bytes(), [0], greedy(), Limits(100))
        assert isinstance(events, Iterator)
        list(itertools.islice(events, 3))
        events.close()  # type: ignore[attr-defined]
        assert len(session.calls) == 2

    @pytest.mark.parametrize("max_tokens", [-1, 2**31])
    def test_refuses_a_limit_out_of_range(self, max_tokens: int) -> None:
        with pytest.raises(InvalidSettingError):
            Limits(max_tokens)


class TestShowing:
    def test_never_half_a_character(self) -> None:
        text = "é漢🙂é".encode()
        events = run(Script(b"?" + text), [0], Limits(100))
        pieces = [event.text for event in events if isinstance(event, Token)]
        assert pieces == ["", "é", "", "", "漢", "", "", "", "🙂", "", "é"]

    def test_a_character_cut_off_by_the_limit_is_completed_when_continued(self) -> None:
        session = ReusableSession(Script(b"?" + "a漢b".encode()))
        first = run(session, [0], Limits(2))
        second = run(session, [0, *tokens(first)], Limits(10))
        assert (shown(first), shown(second)) == ("a", "漢b")

    def test_a_character_that_never_comes_is_not_shown(self) -> None:
        assert shown(run(Script(b"?a\xe6\xbc"), [0], Limits(100))) == "a"

    def test_broken_bytes_are_shown_as_such(self) -> None:
        assert shown(run(Script(b"?a\xffb"), [0], Limits(100))) == "a\ufffdb"

    def test_logprobs_are_the_models_own(self) -> None:
        hot = NumpySampler(SamplerConfig(0, 50.0, top_k=1))
        events = run(Script(b"?x"), [0], Limits(1), hot)
        [token] = [event for event in events if isinstance(event, Token)]
        assert token.logprob == pytest.approx(5 - np.log(np.exp(5) + VOCAB - 1), abs=2e-6)


class TestReuse:
    def test_continuing_reads_only_the_last_token_again(self) -> None:
        script = Script(b"?hello world")
        session = ReusableSession(script)
        first = run(session, [0, 0, 0], Limits(4))
        script.calls.clear()
        second = run(session, [0, 0, 0, *tokens(first)], Limits(2))
        assert script.calls == [(6, 1, "last"), (7, 1, "last")]
        assert ending(second).stats.reused_tokens == 6

    def test_continued_equals_written_at_once(self) -> None:
        config = SamplerConfig(5, 3.0, repeat_penalty=1.2)
        whole = run(Script(b"?hello wide world"), [0], Limits(20), NumpySampler(config))
        session, sampler = ReusableSession(Script(b"?hello wide world")), NumpySampler(config)
        ids, text = [0], ""
        for limit in (1, 4, 0, 15):
            part = run(session, ids, Limits(limit), sampler)
            ids += tokens(part)
            text += shown(part)
        assert ids[1:] == tokens(whole)
        assert text == shown(whole)

    def test_a_stop_string_across_the_break_ends_the_text_all_the_same(self) -> None:
        limits = Limits(6, ("END",))
        session = ReusableSession(Script(b"?one END two"))
        first = run(session, [0], limits)
        ids = [0, *tokens(first)]
        rest = list(generate(session, Bytes(), ids, greedy(), limits, written=6))
        assert (shown(first), shown(rest), ending(rest).reason) == ("one EN", "", "stop-string")
        anew = list(generate(session, Bytes(), ids, greedy(), limits))  # the same ids as a prompt
        assert shown(anew) == "D two"

    def test_another_prompt_with_the_same_beginning_keeps_it(self) -> None:
        script = Script(b"?hello world")
        session = ReusableSession(script)
        run(session, [1, 2, 3, 4], Limits(2))
        script.calls.clear()
        run(session, [1, 2, 9, 9], Limits(0))
        assert script.calls == [(2, 2, "last")]

    def test_the_same_prompt_again_reads_its_last_token_for_its_logits(self) -> None:
        script = Script(b"?hello world")
        session = ReusableSession(script)
        first = run(session, [1, 2, 3], Limits(5))
        assert run(session, [1, 2, 3], Limits(5))[-2].id == first[-2].id  # type: ignore[union-attr]
        assert script.calls[-5] == (2, 1, "last")

    def test_after_an_error_the_cache_is_what_it_was(self) -> None:
        script = Script(b"?hello world")
        session = ReusableSession(script)
        script.fail_at = 4
        with pytest.raises(NumericsError):
            run(session, [1, 2], Limits(10))
        assert session.position == script.position == 4
        script.fail_at = None
        assert shown(run(session, [1, 2], Limits(100))) == "ello world"


def test_statistics_count_only_the_loops_own_time() -> None:
    ticks = itertools.count()
    session = Script(b"?hello", prefill_batch=2)
    clock = lambda: float(next(ticks))  # noqa: E731
    events = list(generate(session, Bytes(), [0, 0, 0], greedy(), Limits(3), clock=clock))
    stats = ending(events).stats
    assert (stats.prompt_tokens, stats.prefill_seconds, stats.prefill_rate) == (3, 2.0, 1.5)
    assert (stats.tokens, stats.first_token_seconds) == (3, 3.0)
    assert (stats.decode_steps, stats.decode_seconds, stats.decode_rate) == (2, 2.0, 1.0)
    [first, *_] = [event for event in events if isinstance(event, Token)]
    assert (first.stats.tokens, first.stats.decode_rate) == (1, None)
