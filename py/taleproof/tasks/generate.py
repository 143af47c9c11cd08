# SPDX-License-Identifier: Apache-2.0
"""The one loop that writes: a session, a prompt and a sampler come in, events come out as they happen.

The caller pulls the events, so that stopping is not asking for the next one (or closing the iterator). What was
written can be continued: prompt and tokens together are the new prompt, the sampler is the same object, and the
story is then the one that a higher limit would have given in the first place.

A token counts as written when its event is given out; it enters the session's cache with the next step. Refused are
an empty prompt (EmptyPromptError) and one longer than the context (PromptTooLongError).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from taleproof.device.base import Row
from taleproof.errors import EmptyPromptError, InvalidSettingError, PromptTooLongError
from taleproof.sampling.chain import Choice
from taleproof.sampling.logits_digests import LogitsTrail
from taleproof.tasks.prefill import Pace
from taleproof.tasks.text_out import TextOut
from taleproof.tokenizers import Tokenizer


MAX_TOKENS = 2**31 - 1

Floats = NDArray[np.float32]
Logits = Literal["none", "last", "all"]
T = TypeVar("T")
FinishReason = Literal["stop", "stop-string", "length", "context"]


class Session(Protocol):
    """What the loop knows of `engine.Session`."""

    @property
    def n_ctx(self) -> int: ...

    @property
    def position(self) -> int: ...

    @property
    def prefill_batch(self) -> int: ...

    def forward(self, ids: Sequence[int], *, logits: Logits = "last") -> Floats | None: ...

    def step(self, ids: Sequence[int]) -> Row: ...

    def rewind(self, position: int) -> None: ...


class Chooser(Protocol):
    """What the loop knows of `sampling.Sampler` and its twin in the kernels."""

    def choose(self, logits: Row, history: Sequence[int], /) -> Choice: ...


class ReusableSession:
    """A session that remembers its tokens, so that a prompt that begins with them goes on from there.

    Attributes
    ----------
    prefill_batch : tokens that a step can have at most.
    pace : how many tokens of a prompt a step takes.
    """

    def __init__(self, session: Session) -> None:
        session.rewind(0)
        self.prefill_batch = session.prefill_batch
        self.pace = Pace(session.prefill_batch)
        self._session = session
        self._ids: list[int] = []

    @property
    def n_ctx(self) -> int:
        """Return how many positions the cache has."""
        return self._session.n_ctx

    @property
    def position(self) -> int:
        """Return how many tokens are in the cache."""
        return len(self._ids)

    def forward(self, ids: Sequence[int], *, logits: Logits = "last") -> Floats | None:
        """Run tokens after those in the cache; after an error the cache is as it was before."""
        return self._run(ids, lambda: self._session.forward(ids, logits=logits))

    def step(self, ids: Sequence[int]) -> Row:
        """Run tokens likewise; return the last one's logits where they are, until the next step."""
        return self._run(ids, lambda: self._session.step(ids))

    def _run(self, ids: Sequence[int], run: Callable[[], T]) -> T:
        try:
            result = run()
        except BaseException:
            self._session.rewind(min(len(self._ids), self._session.position))
            raise
        self._ids.extend(ids)
        return result

    def rewind(self, position: int) -> None:
        """Forget every token from `position` on."""
        self._session.rewind(position)
        del self._ids[position:]

    def reuse(self, prompt: Sequence[int]) -> int:
        """Keep what the cache and the prompt begin with in common, less the prompt's last token; say how many.

        The last token is run again in any case, because its logits are needed.
        """
        most = min(len(self._ids), len(prompt) - 1)
        common = next((i for i in range(most) if self._ids[i] != prompt[i]), most)
        self.rewind(common)
        return common


@dataclass(frozen=True)
class Limits:
    """Where a text ends at the latest.

    Attributes
    ----------
    max_tokens : tokens to write at most.
    stop : texts that end it; none of them is given out. Empty ones mean nothing.
    """

    max_tokens: int
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.max_tokens <= MAX_TOKENS:
            raise InvalidSettingError("max_tokens", self.max_tokens, 0, MAX_TOKENS)


@dataclass(frozen=True)
class Stats:
    """What has been done so far, and in what time; the time between two pulls is the caller's and not counted.

    Attributes
    ----------
    prompt_tokens, reused_tokens : the prompt's length, and how many of it were in the cache already.
    prefill_seconds : for the rest of the prompt.
    tokens : written.
    first_token_seconds : until the first token was chosen, prefill included; None before.
    decode_steps, decode_seconds : steps after the first token: one forward pass and one choice each.
    """

    prompt_tokens: int
    reused_tokens: int
    prefill_seconds: float = 0.0
    tokens: int = 0
    first_token_seconds: float | None = None
    decode_steps: int = 0
    decode_seconds: float = 0.0

    @property
    def prefill_rate(self) -> float | None:
        """Return prompt tokens a second; None if no time has passed."""
        done = self.prompt_tokens - self.reused_tokens
        return done / self.prefill_seconds if self.prefill_seconds else None

    @property
    def decode_rate(self) -> float | None:
        """Return tokens a second after the first one; None before there is a second one."""
        return self.decode_steps / self.decode_seconds if self.decode_seconds else None


@dataclass(frozen=True)
class Prefilled:
    """A batch of the prompt has been read: `done` of `total` tokens, those that were in the cache included.

    It brings no text; it has the empty one so that the texts of all events together are the whole text.
    """

    done: int
    total: int
    text: ClassVar[str] = ""


@dataclass(frozen=True)
class Token:
    """A token has been written.

    Attributes
    ----------
    id : the token.
    text : what can be shown now: whole characters, nothing that may be the beginning of a stop string.
    logprob : the natural logarithm of the probability that the model itself gave it, before any filter.
    """

    id: int
    text: str
    logprob: float
    stats: Stats


@dataclass(frozen=True)
class Finished:
    """Nothing more is written.

    Attributes
    ----------
    reason : stop (end-of-text token, which is not written), stop-string, length (max_tokens), context (full).
    text : what was held back, the rest of the text.
    """

    reason: FinishReason
    text: str
    stats: Stats


Event = Prefilled | Token | Finished


def encode_prompt(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return a prompt's ids by the model's own rule for BOS, special tokens written in it recognised.

    An empty text is BOS alone where that rule puts one; other models can't begin from nothing.
    """
    ids = tokenizer.encode(text)
    if not ids:
        raise EmptyPromptError
    return ids


def generate(
    session: Session | ReusableSession,
    tokenizer: Tokenizer,
    prompt_ids: Sequence[int],
    sampler: Chooser,
    limits: Limits,
    *,
    written: int = 0,
    trail: LogitsTrail | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Event]:
    """Write after a prompt.

    Parameters
    ----------
    session : a ReusableSession goes on from what it has in common with the prompt; any other starts afresh.
    prompt_ids : the prompt, and what has been written after it if it is to be continued.
    sampler : chooses from logits (vocab,) and all ids before; ``Engine.sampler`` makes the fastest.
    written : how many of the prompt_ids, the last ones, were written before and not given.
    trail : is given all logits that tokens are chosen from.
    clock : seconds, for the statistics alone.

    Raises
    ------
    EmptyPromptError, PromptTooLongError : at once, before the first event is asked for.
    """
    if not prompt_ids:
        raise EmptyPromptError
    if len(prompt_ids) > session.n_ctx:
        raise PromptTooLongError(len(prompt_ids), session.n_ctx)
    reusable = session if isinstance(session, ReusableSession) else ReusableSession(session)
    text = TextOut(tokenizer, limits.stop, prompt_ids, written)
    trail = trail or LogitsTrail()
    return _write(reusable, tokenizer, list(prompt_ids), sampler, limits, text, written, trail, clock)


def _write(
    session: ReusableSession,
    tokenizer: Tokenizer,
    ids: list[int],
    sampler: Chooser,
    limits: Limits,
    text: TextOut,
    written: int,
    trail: LogitsTrail,
    clock: Callable[[], float],
) -> Iterator[Event]:
    """Read the prompt, then write; `ids` grows."""
    prompt_length, done = len(ids), session.reuse(ids)
    stats = Stats(prompt_length, done)
    logits: Row | None = None
    while done < prompt_length:
        start = clock()
        batch = ids[done : done + session.pace.size]
        done += len(batch)
        if done < prompt_length:
            session.forward(batch, logits="none")
        else:
            logits = session.step(batch)
        seconds = clock() - start
        session.pace.took(len(batch), seconds)
        stats = replace(stats, prefill_seconds=stats.prefill_seconds + seconds)
        yield Prefilled(done, prompt_length)

    while True:
        if stats.tokens >= limits.max_tokens:
            reason: FinishReason = "length"
            break
        if session.position < len(ids) and session.position == session.n_ctx:
            reason = "context"
            break
        start = clock()
        if session.position < len(ids):
            logits = session.step(ids[-1:])
        assert logits is not None
        trail.add(written + stats.tokens, logits)
        token, logprob = sampler.choose(logits, ids)
        stats = _timed(stats, clock() - start)
        if token in tokenizer.eos_ids:
            reason = "stop"
            break
        shown, found = text.push(token, after=ids[-1])
        ids.append(token)
        stats = replace(stats, tokens=stats.tokens + 1)
        yield Token(token, shown, logprob, stats)
        if found:
            reason = "stop-string"
            break
    yield Finished(reason, text.finish(), stats)


def _timed(stats: Stats, seconds: float) -> Stats:
    """Return stats with one more choice: the first one ends the wait, each later one is a step."""
    if stats.first_token_seconds is None:
        return replace(stats, first_token_seconds=stats.prefill_seconds + seconds)
    return replace(stats, decode_steps=stats.decode_steps + 1, decode_seconds=stats.decode_seconds + seconds)
