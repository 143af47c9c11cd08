# SPDX-License-Identifier: Apache-2.0
"""Where sentences end, in five languages, and texts that are to end there: finished, cut back, and gone on with."""

from collections.abc import Sequence
from typing import Any

import pytest

from scripted import EOS, Bytes, Script
from taleproof.errors import InvalidChoiceError, InvalidSettingError
from taleproof.sampling.chain import NumpySampler
from taleproof.sampling.config import SamplerConfig
from taleproof.tasks.base import Finished, Token
from taleproof.tasks.generate import Event, Limits, ReusableSession, generate
from taleproof.tasks.sentences import SentenceEnd, ends_sentence
from taleproof.tasks.transcript import Cut, Transcript


@pytest.mark.parametrize(
    "ended",
    [
        "She left.",
        "She left!",
        "Did she?",
        "She wondered…",
        "She wondered...",
        "“She left.”",
        "'She left.'",
        '"(She left.)"',
        "She left.\n\n",
        "It was 1984.",
        "He said: »Komm!«",
        "Er sagte: „Komm.“",
        "Sie ging um 12 Uhr.",
        "¿Quién es?",
        "«Se fue.»",
        "她走了。",
        "“她走了。”",
        "「行こう！」",
        "彼は去った。",
        "It was plan BB.",
        "“No.”",
        "She lives in the U.S.",
    ],
)
def test_a_sentence_ends(ended: str) -> None:
    assert ends_sentence(ended)


@pytest.mark.parametrize(
    "open_",
    [
        "",
        "She left",
        "She left,",
        "She left:",
        "Mr.",
        "“Mrs.",
        "the well-known Dr.",
        "such as e.g.",
        "at 5 a.m.",
        "J. R.",
        "Am 3.",
        "das 19.",
        "it cost 3.",
        "z.B.",
        "z. B.",
        "bzw.",
        "el Sr.",
        "la Sra.",
        "como p.ej.",
        "她走了，",
        "彼は、",
    ],
)
def test_no_sentence_ends(open_: str) -> None:
    assert not ends_sentence(open_)


@pytest.mark.parametrize(
    ("ended", "following", "whole"),
    [
        ("She left.", " He", True),
        ("She left.", "\n", True),
        ("She left.", "”", False),
        ("She left.”", " He", True),
        ("“Go!”", " she said", False),
        ("“Go!”", " She said", True),
        ("She left..", ".", False),
        ("What", "?!", False),
        ("What?", "!", False),
        ("It cost 1500.", "50", False),
        ("www.example.", "com", False),
        ("他走了。", "”", False),
        ("他走了。", "她", True),
        ("行った。」", "彼", True),
        ("She left.\n", "He", True),
    ],
)
def test_what_follows_tells(ended: str, following: str, whole: bool) -> None:
    assert ends_sentence(ended, following) is whole


class Told:
    """A text in the making by a session that follows a script: its first byte stands for the prompt."""

    def __init__(self, script: str, n_ctx: int = 1000) -> None:
        self.transcript = Transcript([63])
        self._session = ReusableSession(Script(b"?" + script.encode(), n_ctx))
        self._sampler = NumpySampler(SamplerConfig(5, 0.01))

    def write(self, max_tokens: int, end: SentenceEnd | None, **limits: Any) -> list[Event]:
        given = Limits(max_tokens, end_at_sentence=end, **limits)
        return list(generate(self._session, Bytes(), self.transcript, self._sampler, given))


def shown(events: Sequence[Event]) -> str:
    """Return the text that events give, less what the last one takes away."""
    text = "".join(event.text for event in events)
    last = events[-1]
    assert isinstance(last, Finished)
    return text if last.cut is None else text.removesuffix(last.cut.text)


STORY = "She ran. He sat by Mr. Fox. “Go!” They went"


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (3, "She ran."),
        (8, "She ran."),
        (9, "She ran."),
        (10, "She ran. He sat by Mr. Fox."),
        (22, "She ran. He sat by Mr. Fox."),
        (30, "She ran. He sat by Mr. Fox."),
        (31, "She ran. He sat by Mr. Fox. “Go!”"),
    ],
)
def test_a_sentence_is_finished(limit: int, text: str) -> None:
    told = Told(STORY)
    events = told.write(limit, "finish")
    assert told.transcript.text == text == shown(events)
    assert told.transcript.tokens == list(text.encode())
    assert len(told.transcript.logprobs) == told.transcript.written
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "length"


def test_a_sentence_without_end_goes_on_for_sixty_tokens() -> None:
    told = Told("a" * 100)
    told.write(10, "finish")
    assert told.transcript.written == 70


def test_its_own_end_ends_it_past_the_limit_too() -> None:
    events = Told("One day").write(3, "finish")
    assert isinstance(events[-1], Finished)
    assert (shown(events), events[-1].reason) == ("One day", "stop")


def test_a_character_that_a_token_begins_is_not_left_half() -> None:
    told = Told("走了。她")
    events = told.write(4, "finish")
    assert told.transcript.text == "走了。" == shown(events)
    assert told.transcript.tokens == list("走了。".encode())
    assert events[-1] == Finished("length", "", events[-1].stats, Cut(2, ""))  # type: ignore[union-attr]
    told.write(3, None)
    assert told.transcript.text == "走了。她"


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (3, "She"),
        (7, "She ran"),
        (8, "She ran."),
        (20, "She ran."),
        (24, "She ran."),
        (27, "She ran. He sat by Mr. Fox."),
        (33, "She ran. He sat by Mr. Fox."),
        (43, "She ran. He sat by Mr. Fox. “Go!”"),
    ],
)
def test_a_text_is_cut_back_to_its_last_sentence(limit: int, text: str) -> None:
    told = Told(STORY)
    events = told.write(limit, "cut")
    assert told.transcript.text == text == shown(events)
    assert told.transcript.tokens == list(text.encode())
    given = sum(isinstance(event, Token) for event in events)
    assert isinstance(events[-1], Finished)
    cut = events[-1].cut
    assert given == limit == told.transcript.written + (cut.tokens if cut else 0)


@pytest.mark.parametrize("end", ["finish", "cut", None])
def test_what_is_gone_on_with_is_the_text_of_a_higher_limit(end: SentenceEnd | None) -> None:
    for limits in ([3, 9], [9, 30], [1, 2, 3, 40], [20, 5, 5, 5], [27, 0, 16]):
        parts, total = Told(STORY), 0
        for limit in limits:
            total = parts.transcript.written + limit
            text = parts.transcript.text + shown(parts.write(limit, end))
            if not parts.transcript.cut_off:
                assert parts.transcript.text == text
        whole = Told(STORY)
        whole.write(total, end)
        assert (parts.transcript.text, parts.transcript.tokens) == (whole.transcript.text, whole.transcript.tokens)


def test_what_was_cut_off_does_not_go_beyond_the_context() -> None:
    told = Told("One. Two and three", n_ctx=12)
    assert told.write(11, "cut")[-1].text == ""
    assert told.transcript.text == "One."
    events = told.write(40, None)
    assert isinstance(events[-1], Finished)
    assert (told.transcript.text, events[-1].reason) == ("One. Two and", "context")


def test_no_end_before_so_many_tokens() -> None:
    """Where the end is the likeliest token but banned, all others are equal here; the last of them is taken."""
    told = Told("One")
    told._sampler = NumpySampler(SamplerConfig())
    told.write(100, None, min_tokens=5)
    assert told.transcript.tokens[:4] == [*b"One", EOS - 1]
    assert EOS not in told.transcript.tokens
    assert told.transcript.written >= 5


@pytest.mark.parametrize("limits", [{"min_tokens": -1}, {"min_tokens": 2**31}])
def test_refuses_limits_out_of_range(limits: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettingError):
        Limits(5, **limits)


def test_refuses_an_end_that_it_does_not_know() -> None:
    with pytest.raises(InvalidChoiceError):
        Limits(5, end_at_sentence="soon")  # type: ignore[arg-type]
