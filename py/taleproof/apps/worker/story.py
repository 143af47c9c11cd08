# SPDX-License-Identifier: Apache-2.0
"""A story in the making, in the browser: pulled batch by batch, stopped by not asking, continued where it stands.

In come an opened model and a StartRequest of the page; out go lists of WriteEvents (protocol/stories.py) as plain
data. A batch lasts a few hundredths of a second, so that the page stays smooth and Stop is prompt. Refused: settings
out of range, an empty prompt, one longer than the context, chat without a template.
"""

import time
from collections.abc import Callable

from taleproof.apps.open_model import OpenModel
from taleproof.apps.worker.protocol.models import MemoryFigures
from taleproof.apps.worker.protocol.stories import (
    FinishedEvent,
    FinishReason,
    NewStory,
    SamplerSettings,
    WriteEvent,
    WriteMode,
    WriteStats,
)
from taleproof.chat.prompt import DEFAULT_DAY, ChatPrompt, chat_template, encode_chat, read_date
from taleproof.errors import ChatTemplateError, InvalidSettingError, NothingToContinueError, RequestsOnlyError
from taleproof.record.record import StoryRecord
from taleproof.sampling.chain import MAX_SEED, SamplerConfig
from taleproof.tasks.base import Finished, Progress, Token
from taleproof.tasks.generate import MAX_TOKENS, Event, Limits, ReusableSession, encode_prompt
from taleproof.tasks.writing import Writer, Writing


BATCH_SECONDS = 0.03
"""A batch ends after this time: two frames of a screen."""

CONTINUABLE = ("length", "stopped")
"""Reasons of an end after which a text can go on."""

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
        self.prompt = str(request["prompt"])
        self.mode: WriteMode = "chat" if request["mode"] == "chat" else "raw"
        self.sampler = sampler_config(request["sampler"])
        self.stop_strings = tuple(str(text) for text in request["limits"]["stop"])
        self.max_tokens = 0
        self._memory, self._clock = memory, clock
        given = request.get("date")
        self.today = DEFAULT_DAY if given is None else read_date(str(given))
        encoded = self._encode()
        self.date = None if encoded.date is None else encoded.date.isoformat()
        model = Writer(opened.engine, session, opened.tokenizer)
        self._writing = Writing(model, encoded.ids, self.sampler, clock)
        self._run(request["limits"]["maxTokens"])

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
        return [
            {
                "kind": "started",
                "seed": str(self.sampler.seed),
                "promptTokens": self._writing.transcript.prompt,
                "sessionLength": self._writing.context,
                "date": self.date,
            }
        ]

    def resume(self, max_tokens: int) -> None:
        """Go on: the story becomes the one that a higher limit would have given."""
        if self._writing.finish_reason not in CONTINUABLE:
            raise NothingToContinueError
        self._run(max_tokens)

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

    def _encode(self) -> ChatPrompt:
        reads = self.opened.file.start_token is not None
        if reads and self.mode == "raw":
            raise RequestsOnlyError(self.opened.file.architecture)
        if reads or self.mode == "raw":
            return ChatPrompt(encode_prompt(self.opened.tokenizer, self.prompt), None)
        template = chat_template(self.opened.file)
        if template is None:
            raise ChatTemplateError("the model has none")
        messages = [{"role": "user", "content": self.prompt}]
        return encode_chat(self.opened.tokenizer, template, messages, today=self.today)

    def _run(self, max_tokens: int | None) -> None:
        if max_tokens is None:  # how JSON writes what is not a number
            raise InvalidSettingError("max_tokens", max_tokens, 0, MAX_TOKENS)
        self._writing.run(Limits(max_tokens, self.stop_strings))
        self.max_tokens = self._writing.transcript.written + max_tokens

    def _write_event(self, event: Event) -> WriteEvent:
        if isinstance(event, Progress):
            return {"kind": "prefill", "done": event.done, "total": event.total}
        if isinstance(event, Finished):
            return self._ended(event.reason, event.text)
        return {"kind": "token", "id": event.id, "text": event.text, "logprob": event.logprob}

    def record(self) -> StoryRecord:
        """Return everything that writes the story again."""
        return self.opened.record(
            self._writing,
            prompt=self.prompt,
            mode=self.mode,
            sampler=self.sampler,
            limits=Limits(self.max_tokens, self.stop_strings),
            date=self.date,
        )

    def _ended(self, reason: FinishReason, text: str) -> FinishedEvent:
        return {
            "kind": "finished",
            "reason": reason,
            "text": text,
            "canContinue": reason in CONTINUABLE,
            "stats": self._figures(),
            "record": self.record().value(),
        }

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


def sampler_config(settings: SamplerSettings) -> SamplerConfig:
    """Return the page's settings as the sampler wants them.

    Raises
    ------
    InvalidSettingError : a setting out of its range, or a seed that is not a number.
    """
    seed = str(settings["seed"])
    if not (seed.isascii() and seed.isdigit() and len(seed) <= 20):
        raise InvalidSettingError("seed", seed, 0, MAX_SEED)
    return SamplerConfig(
        seed=int(seed),
        temperature=settings["temperature"],
        top_p=settings["topP"],
        top_k=settings["topK"],
        min_p=settings["minP"],
        repeat_penalty=settings["repeatPenalty"],
        repeat_last_n=settings["repeatLastN"],
    )
