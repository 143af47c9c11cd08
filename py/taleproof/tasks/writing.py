# SPDX-License-Identifier: Apache-2.0
"""The task that writes, and a text in the making: a model and a prompt come in, events go out until the text ends.

A Writing owns its transcript and its sampler. It is stopped by not asking for the next event, and may then be
continued: it becomes the text that a higher limit would have given.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from taleproof.sampling.config import SamplerConfig
from taleproof.sampling.logits_digests import EVERY, LogitsDigests
from taleproof.tasks.base import Finished, FinishReason, Progress, Stats
from taleproof.tasks.engine import Engine
from taleproof.tasks.generate import Event, Limits, ReusableSession, Sampler, generate
from taleproof.tasks.text_out import held_back
from taleproof.tasks.transcript import Transcript
from taleproof.tokenizers import Tokenizer


Reason = FinishReason | Literal["stopped"]
"""``stopped`` is by the person."""


@dataclass(frozen=True)
class Writer:
    """A model that writes, with the one session that its texts share."""

    engine: Engine
    session: ReusableSession
    tokenizer: Tokenizer


@dataclass(frozen=True)
class Options:
    """How to write: the sampler and the logits digests are the text's own, and go on where it is continued."""

    sampler: Sampler
    logits_digests: LogitsDigests
    limits: Limits
    clock: Callable[[], float] = time.perf_counter


class Generate:
    """The Task that writes after a prompt, or after what has been written after it already."""

    def run(self, model: Writer, given: Transcript, options: Options, /) -> Iterator[Event]:
        """Write; ``generate`` says what is refused."""
        return generate(
            model.session,
            model.tokenizer,
            given,
            options.sampler,
            options.limits,
            logits_digests=options.logits_digests,
            clock=options.clock,
        )


class Writing:
    """One text.

    Attributes
    ----------
    finish_reason : stopped where it was stopped, None while it goes on.
    stats : of the present run, in what time.
    """

    def __init__(
        self,
        model: Writer,
        prompt_ids: Sequence[int],
        sampler: SamplerConfig,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.transcript = Transcript(prompt_ids)
        self.finish_reason: Reason | None = None
        self.stats = Stats(len(prompt_ids), 0)
        self.context = model.session.n_ctx
        self._model, self._clock = model, clock
        self._sampler = model.engine.sampler(sampler, model.tokenizer.token_bytes)
        self._logits_digests = model.engine.logits_digests()
        self._events: Iterator[Event] | None = None

    def run(self, limits: Limits) -> None:
        """Begin, or go on where the text stands, for so many tokens more.

        Raises
        ------
        EmptyPromptError, PromptTooLongError
        """
        options = Options(self._sampler, self._logits_digests, limits, self._clock)
        self._events = Generate().run(self._model, self.transcript, options)
        self.finish_reason = None

    @property
    def going_on(self) -> bool:
        """Whether there is more to come."""
        return self._events is not None

    def next(self) -> Event | None:
        """Return what happens next, None at the end; after an error nothing comes any more."""
        if self._events is None:
            return None
        try:
            event = next(self._events)
        except BaseException:
            self._events = None
            raise
        if isinstance(event, Progress):
            return event
        self.stats = event.stats
        if isinstance(event, Finished):
            self._events = None
            self.finish_reason = event.reason
        return event

    def stop(self) -> str:
        """End the text where it stands, if it has not ended by itself; return what was held back of it."""
        self._events = None
        if self.finish_reason is not None:
            return ""
        transcript = self.transcript
        rest = held_back(self._model.tokenizer, transcript.prompt_ids, transcript.tokens, transcript.text)
        transcript.show(rest)
        self.finish_reason = "stopped"
        return rest

    @property
    def logits_digests(self) -> tuple[str, ...]:
        """The digests of the logits that the tokens were chosen from."""
        # An error or an interruption may have come after the logits, and before their token; others were cut off.
        begun = self.finish_reason in (None, "stopped") or bool(self.transcript.cut_off)
        taken = -(-self.transcript.written // EVERY) if begun else None
        return tuple(self._logits_digests.digests[:taken])
