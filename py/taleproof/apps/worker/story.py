# SPDX-License-Identifier: Apache-2.0
"""A story in the making, in the browser: pulled batch by batch, stopped by not asking, continued where it stands.

In come an opened model and a StartRequest of the page; out go lists of WriteEvents (protocol/stories.py) as plain
data. A batch lasts a few hundredths of a second, so that the page stays smooth and Stop is prompt. Refused: settings
out of range, an empty prompt, one longer than the context, chat without a template.
"""

import time
from collections.abc import Callable, Iterator

from taleproof import __version__
from taleproof.apps.worker.open import Opened
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
from taleproof.tasks.generate import (
    MAX_TOKENS,
    Event,
    Finished,
    Limits,
    Prefilled,
    ReusableSession,
    Stats,
    Token,
    encode_prompt,
    generate,
)
from taleproof.tasks.text_out import held_back


BATCH_SECONDS = 0.03
"""A batch ends after this time: two frames of a screen."""

Batch = list[WriteEvent]
Memory = Callable[[], MemoryFigures]


class Story:
    """One story: its prompt, its sampler, and all tokens so far.

    Parameters
    ----------
        memory : the figures of the moment.
    kernels : the SHA-256 of the kernels' module, for the story's record.
    """

    def __init__(
        self,
        opened: Opened,
        session: ReusableSession,
        request: NewStory,
        memory: Memory,
        kernels: str,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.opened = opened
        self.prompt = str(request["prompt"])
        self.mode: WriteMode = "chat" if request["mode"] == "chat" else "raw"
        self.sampler = sampler_config(request["sampler"])
        self.stop_strings = tuple(str(text) for text in request["limits"]["stop"])
        self.max_tokens = 0
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.finish_reason: FinishReason | None = None
        self._session, self._memory, self._kernels, self._clock = session, memory, kernels, clock
        self._chooser = opened.engine.sampler(self.sampler)
        self._trail = opened.engine.trail()
        self._shown: list[str] = []
        given = request.get("date")
        self.today = DEFAULT_DAY if given is None else read_date(str(given))
        encoded = self._encode()
        self.prompt_ids = encoded.ids
        self.date = None if encoded.date is None else encoded.date.isoformat()
        self._stats = Stats(len(self.prompt_ids), 0)
        self._events: Iterator[Event] | None = None
        self._run(request["limits"]["maxTokens"])

    @property
    def writing(self) -> bool:
        """Say whether there is more to come without being continued."""
        return self._events is not None

    @property
    def text(self) -> str:
        """The text of all tokens so far, as it was shown."""
        return "".join(self._shown)

    def started(self) -> Batch:
        """Return the first batch, which tells what was understood of the request."""
        return [
            {
                "kind": "started",
                "seed": str(self.sampler.seed),
                "promptTokens": len(self.prompt_ids),
                "sessionLength": self._session.n_ctx,
                "date": self.date,
            }
        ]

    def resume(self, max_tokens: int) -> None:
        """Go on: the story becomes the one that a higher limit would have given."""
        if self.finish_reason not in ("length", "stopped"):
            raise NothingToContinueError
        self._run(max_tokens)

    def next(self) -> Batch:
        """Return what happens in the next moment; nothing where nothing is being written."""
        batch: Batch = []
        began = self._clock()
        while self._events is not None:
            event = self._pull(self._events)
            batch.extend(self._told(event))
            first = isinstance(event, Token) and event.stats.tokens == 1  # not to be kept waiting
            if first or self._clock() - began >= BATCH_SECONDS:
                break
        if self._events is not None:
            batch.append({"kind": "stats", "stats": self._figures()})
        return batch

    def stop(self) -> Batch:
        """End the run; return how it ended, or nothing where it had ended by itself."""
        if self._events is None:
            return []
        rest = held_back(self.opened.tokenizer, self.prompt_ids, self.tokens, self.text)
        return [self._ended("stopped", rest)]

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
        limits = Limits(max_tokens, self.stop_strings)
        ids = [*self.prompt_ids, *self.tokens]
        self._events = generate(
            self._session,
            self.opened.tokenizer,
            ids,
            self._chooser,
            limits,
            written=len(self.tokens),
            trail=self._trail,
            clock=self._clock,
        )
        self.max_tokens = len(self.tokens) + max_tokens
        self.finish_reason = None

    def _pull(self, events: Iterator[Event]) -> Event:
        try:
            return next(events)
        except BaseException:
            self._events = None  # nothing comes after an error
            raise

    def _told(self, event: Event) -> Batch:
        if isinstance(event, Prefilled):
            return [{"kind": "prefill", "done": event.done, "total": event.total}]
        self._stats = event.stats
        if isinstance(event, Finished):
            return [self._ended(event.reason, event.text)]
        self.tokens.append(event.id)
        self.logprobs.append(event.logprob)
        self._shown.append(event.text)
        return [{"kind": "token", "id": event.id, "text": event.text, "logprob": event.logprob}]

    def record(self) -> StoryRecord:
        """Return everything that writes the story again."""
        opened = self.opened
        return StoryRecord(
            model_name=opened.loaded.name,
            model=opened.loaded.digests,
            files=opened.loaded.several,
            tokenizer=opened.tokenizer_digests,
            kernels=self._kernels,
            prompt=self.prompt,
            mode=self.mode,
            prompt_tokens=tuple(self.prompt_ids),
            context=self._session.n_ctx,
            sampler=self.sampler,
            limits=Limits(self.max_tokens, self.stop_strings),
            tokens=tuple(self.tokens),
            text=self.text,
            finish_reason=self.finish_reason or "stopped",
            logits=tuple(self._trail.digests),
            engine=__version__,
            date=self.date,
        )

    def _ended(self, reason: FinishReason, text: str) -> FinishedEvent:
        self._events = None
        self._shown.append(text)
        self.finish_reason = reason
        return {
            "kind": "finished",
            "reason": reason,
            "text": text,
            "canContinue": reason in ("length", "stopped"),
            "stats": self._figures(),
            "record": self.record().value(),
        }

    def _figures(self) -> WriteStats:
        stats = self._stats
        return {
            "promptTokens": len(self.prompt_ids),
            "tokens": len(self.tokens),
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
