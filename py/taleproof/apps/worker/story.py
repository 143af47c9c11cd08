# SPDX-License-Identifier: Apache-2.0
"""A story in the making, in the browser: pulled batch by batch, stopped by not asking, continued where it stands.

In come an opened model and a StartRequest of the page; out go lists of WriteEvents (protocol/stories.py) as plain
data. A batch lasts a few hundredths of a second, so that the page stays smooth and Stop is prompt. Refused: settings
out of range, an empty prompt, one longer than the context, chat and story without a template.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from taleproof.apps.open_model import OpenModel
from taleproof.apps.prompting import Asked, make_prompt, read_mode
from taleproof.apps.worker.protocol.models import MemoryFigures
from taleproof.apps.worker.protocol.stories import (
    FinishedEvent,
    FinishReason,
    NewStory,
    SamplerSettings,
    WriteEvent,
    WriteStats,
)
from taleproof.apps.worker.protocol.stories import Limits as LimitSettings
from taleproof.chat.passages import Note
from taleproof.chat.prompt import DEFAULT_DAY, read_date
from taleproof.chat.story_requests import DEFAULT_LANGUAGE
from taleproof.errors import InvalidSettingError, NothingToContinueError
from taleproof.record.record import StoryRecord
from taleproof.sampling.config import MAX_SEED, SamplerConfig
from taleproof.tasks.base import Finished, Progress, Token
from taleproof.tasks.generate import MAX_TOKENS, Event, Limits, ReusableSession
from taleproof.tasks.transcript import Cut
from taleproof.tasks.writing import Writer, Writing


BATCH_SECONDS = 0.03
"""A batch ends after this time: two frames of a screen."""

CONTINUABLE = ("length", "stopped", "stop")
"""Reasons of an end after which a text can go on; after the model's own end it goes on all the same."""

Batch = list[WriteEvent]
Memory = Callable[[], MemoryFigures]


class Story:
    """One story: its prompt and settings, and the text in the making.

    Parameters
    ----------
    memory : the figures of the moment.
    """

    def __init__(
        self,
        opened: OpenModel,
        session: ReusableSession,
        request: NewStory,
        memory: Memory,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.opened = opened
        self.sampler = sampler_config(request["sampler"])
        self.limits = read_limits(request["limits"])
        self._memory, self._clock = memory, clock
        self.prompt = make_prompt(opened, asked(request), session.n_ctx, self.limits.most_tokens)
        model = Writer(opened.engine, session, opened.tokenizer)
        self._writing = Writing(model, self.prompt.ids, self.sampler, clock)
        self._run(self.limits.max_tokens)

    @property
    def writing(self) -> bool:
        """Say whether there is more to come without being continued."""
        return self._writing.going_on

    @property
    def prompt_ids(self) -> list[int]:
        """The ids that the model reads."""
        return self._writing.transcript.prompt_ids

    @property
    def tokens(self) -> list[int]:
        """The ids that have been written."""
        return self._writing.transcript.tokens

    @property
    def text(self) -> str:
        """The text of all tokens so far, as it was shown."""
        return self._writing.transcript.text

    def started(self) -> Batch:
        """Return the first batch, which tells what was understood of the request."""
        budget = self.prompt.budget
        return [
            {
                "kind": "started",
                "seed": str(self.sampler.seed),
                "promptTokens": self._writing.transcript.prompt,
                "sessionLength": self._writing.context,
                "date": self.prompt.date,
                "budget": {
                    "request": budget.request,
                    "memory": budget.memory,
                    "note": budget.note,
                    "story": budget.story,
                    "room": budget.room,
                    "leftOut": list(budget.left_out),
                },
            }
        ]

    def resume(self, max_tokens: int) -> None:
        """Go on: the story becomes the one that a higher limit, or one more end that is passed, would have given."""
        if self._writing.finish_reason not in CONTINUABLE:
            raise NothingToContinueError
        self.limits = replace(self.limits, past_ends=max(self.limits.past_ends, self._writing.transcript.ends))
        self._run(_whole("max_tokens", max_tokens))

    def next(self) -> Batch:
        """Return what happens in the next moment; nothing where nothing is being written."""
        batch: Batch = []
        began = self._clock()
        while (event := self._writing.next()) is not None:
            batch.append(self._write_event(event))
            first = isinstance(event, Token) and event.stats.tokens == 1  # not to be kept waiting
            if first or self._clock() - began >= BATCH_SECONDS:
                break
        if self.writing:
            batch.append({"kind": "stats", "stats": self._figures()})
        return batch

    def stop(self) -> Batch:
        """End the run; return how it ended, or nothing where it had ended by itself."""
        if not self.writing:
            return []
        return [self._ended("stopped", self._writing.stop())]

    def _run(self, max_tokens: int) -> None:
        self._writing.run(replace(self.limits, max_tokens=max_tokens))
        self.limits = replace(self.limits, max_tokens=self._writing.transcript.written + max_tokens)

    def _write_event(self, event: Event) -> WriteEvent:
        if isinstance(event, Progress):
            return {"kind": "prefill", "done": event.done, "total": event.total}
        if isinstance(event, Finished):
            return self._ended(event.reason, event.text, event.cut)
        return {"kind": "token", "id": event.id, "text": event.text, "logprob": event.logprob}

    def record(self) -> StoryRecord:
        """Return everything that writes the story again."""
        return self.prompt.record(self.opened, self._writing, self.sampler, self.limits)

    def _ended(self, reason: FinishReason, text: str, cut: Cut | None = None) -> FinishedEvent:
        ended: FinishedEvent = {
            "kind": "finished",
            "reason": reason,
            "text": text,
            "canContinue": reason in CONTINUABLE,
            "stats": self._figures(),
            "record": self.record().value(),
        }
        if cut is not None:
            ended["cut"] = {"tokens": cut.tokens, "text": cut.text}
        return ended

    def _figures(self) -> WriteStats:
        stats, transcript = self._writing.stats, self._writing.transcript
        return {
            "promptTokens": transcript.prompt,
            "tokens": transcript.written,
            "prefillSeconds": stats.prefill_seconds,
            "timeToFirstToken": stats.first_token_seconds,
            "tokensPerSecond": stats.decode_rate,
            "memory": self._memory(),
        }


def asked(request: NewStory) -> Asked:
    """Return what the page asks for; its places count in UTF-16, as JavaScript does.

    Raises
    ------
    InvalidSettingError : a date that is none, a note's depth out of its range, or passages that are not such.
    """
    day, note, form = request.get("date"), request.get("note"), request.get("request")
    prompt = str(request["prompt"])
    return Asked(
        prompt,
        read_mode(str(request["mode"])),
        DEFAULT_DAY if day is None else read_date(str(day)),
        DEFAULT_LANGUAGE if form is None else str(form["language"]),
        None if form is None else form.get("sha256"),
        memory=str(request.get("memory") or ""),
        note=None if note is None else Note(str(note["text"]), note["depth"]),
        passages=places_from_utf16(prompt, request.get("passages") or []),
    )


def places_from_utf16(text: str, places: Sequence[int]) -> tuple[int, ...]:
    """Return places of a text, given in units of UTF-16, in characters; between the halves of one: before it.

    Raises
    ------
    InvalidSettingError : a place behind the text.
    """
    units = [0, *accumulate(2 if letter > "\uffff" else 1 for letter in text)]
    for at, place in enumerate(places):
        if not 0 <= place <= units[-1]:
            raise InvalidSettingError(f"passages[{at}]", place, 0, units[-1])
    return tuple(bisect_right(units, place) - 1 for place in places)


def sampler_config(settings: SamplerSettings) -> SamplerConfig:
    """Return the page's settings as the sampler wants them.

    Raises
    ------
    InvalidSettingError : a setting out of its range, or a seed that is not a number.
    """
    seed = str(settings["seed"])
    if not (seed.isascii() and seed.isdigit() and len(seed) <= 20):
        raise InvalidSettingError("seed", seed, 0, MAX_SEED)
    more: dict[str, Any] = {}
    if (dry := settings.get("dry")) is not None:
        more |= {
            "dry_multiplier": dry["multiplier"],
            "dry_base": dry["base"],
            "dry_allowed_length": dry["allowedLength"],
            "dry_last_n": dry["lastN"],
            "dry_sequence_breakers": tuple(str(text) for text in dry["sequenceBreakers"]),
        }
    if (xtc := settings.get("xtc")) is not None:
        more |= {"xtc_probability": xtc["probability"], "xtc_threshold": xtc["threshold"]}
    return SamplerConfig(
        seed=int(seed),
        temperature=settings["temperature"],
        top_p=settings["topP"],
        top_k=settings["topK"],
        min_p=settings["minP"],
        repeat_penalty=settings["repeatPenalty"],
        repeat_last_n=settings["repeatLastN"],
        **more,
    )


def read_limits(limits: LimitSettings) -> Limits:
    """Return the page's limits as the loop wants them.

    Raises
    ------
    InvalidSettingError, InvalidChoiceError : one that is not possible.
    """
    return Limits(
        _whole("max_tokens", limits["maxTokens"]),
        tuple(str(text) for text in limits["stop"]),
        min_tokens=_whole("min_tokens", limits.get("minTokens", 0)),
        end_at_sentence=limits.get("endAtSentence"),
        past_ends=_whole("past_ends", limits.get("pastEnds", 0)),
    )


def _whole(setting: str, value: int | None) -> int:
    if value is None:  # how JSON writes what is not a number
        raise InvalidSettingError(setting, value, 0, MAX_TOKENS)
    return value
