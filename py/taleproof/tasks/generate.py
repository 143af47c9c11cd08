# SPDX-License-Identifier: Apache-2.0
"""The one loop that writes: a session, a transcript and a sampler come in, events come out as they happen.

The caller pulls the events, so that stopping is not asking for the next one (or closing the iterator). What was
written can be continued: with the same transcript and the same sampler, the story is then the one that a higher limit
would have given in the first place.

A token counts as written when its event is given out; it enters the session's cache with the next step. Refused are
an empty prompt (EmptyPromptError) and one longer than the context (PromptTooLongError).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from taleproof.device.base import Row
from taleproof.errors import EmptyPromptError, InvalidChoiceError, InvalidSettingError, PromptTooLongError
from taleproof.sampling.chain import Sampled
from taleproof.sampling.logits_digests import LogitsDigests
from taleproof.tasks.base import Finished, FinishReason, Progress, Stats, Token
from taleproof.tasks.prefill import PrefillChunk
from taleproof.tasks.sentence_end import MOST_MORE_TOKENS, cut_to_sentence, is_whole_before
from taleproof.tasks.sentences import SentenceEnd
from taleproof.tasks.text_out import TextOut
from taleproof.tasks.transcript import Transcript
from taleproof.tokenizers import Tokenizer


MAX_TOKENS = 2**31 - 1

TOKENS_PAST_END = 32
"""Tokens that can't end a text which goes on past an end of the model's own; part of the record's format."""

Floats = NDArray[np.float32]
Logits = Literal["none", "last", "all"]
T = TypeVar("T")
Event = Progress | Token | Finished
"""What happens while a text is written, in this order; Finished comes last, once."""


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


class Sampler(Protocol):
    """What the loop needs of sampling/chain.py's NumpySampler and sampling/kernel.py's ArenaSampler."""

    def sample(self, logits: Row, history: Sequence[int], banned: Iterable[int] = (), /) -> Sampled: ...


class ReusableSession:
    """A session that knows of which transcript its cache is, so that a text that begins with it goes on from there.

    The first ``position`` ids of that transcript are in the cache; they are nowhere copied.

    Attributes
    ----------
    prefill_batch : tokens that a step can have at most.
    prefill_chunk : how many tokens of a prompt a step takes.
    """

    def __init__(self, session: Session) -> None:
        session.rewind(0)
        self.prefill_batch = session.prefill_batch
        self.prefill_chunk = PrefillChunk(session.prefill_batch)
        self._session = session
        self._transcript: Transcript | None = None

    @property
    def n_ctx(self) -> int:
        """Return how many positions the cache has."""
        return self._session.n_ctx

    @property
    def position(self) -> int:
        """Return how many tokens are in the cache."""
        return self._session.position

    def take_up(self, transcript: Transcript) -> int:
        """Keep what the cache and a transcript begin with in common, less the last token; say how many.

        The last token is run again in any case, because its logits are needed. The transcript that the cache is of has
        all of it in common, and is not compared.
        """
        common = min(self.position, len(transcript.ids) - 1)
        if self._transcript is not transcript:
            before = [] if self._transcript is None else self._transcript.ids
            pairs = zip(before[:common], transcript.ids, strict=False)
            common = next((i for i, (had, wanted) in enumerate(pairs) if had != wanted), min(common, len(before)))
        self._session.rewind(common)
        self._transcript = transcript
        return common

    def read(self, count: int) -> None:
        """Run the transcript's next tokens; after an error the cache is as it was before."""
        self._run(count, lambda ids: self._session.forward(ids, logits="none"))

    def step(self, count: int) -> Row:
        """Run tokens likewise; return the last one's logits where they are, until the next step."""
        return self._run(count, self._session.step)

    def rows(self, count: int) -> Floats:
        """Run tokens likewise, at most prefill_batch; return the logits (count, vocab) of all of them, copied out."""
        rows = self._run(count, lambda ids: self._session.forward(ids, logits="all"))
        assert rows is not None
        return rows

    def _run(self, count: int, run: Callable[[list[int]], T]) -> T:
        assert self._transcript is not None
        position = self.position
        try:
            return run(self._transcript.ids[position : position + count])
        except BaseException:
            self._session.rewind(min(position, self.position))
            raise

    def lend(self) -> Session:
        """Return the session itself, afresh, for whoever keeps no transcript."""
        self._transcript = None
        self._session.rewind(0)
        return self._session


@dataclass(frozen=True)
class Limits:
    """Where a text ends at the latest.

    Attributes
    ----------
    max_tokens : tokens to write at most.
    stop : texts that end it; none of them is given out. Empty ones mean nothing.
    min_tokens : before it has so many, it does not end by itself: the tokens that end a text can't be chosen.
    end_at_sentence : what happens at max_tokens. ``finish``: up to 60 tokens more, until a sentence ends. ``cut``: the
        text ends with its last whole sentence, if it has one. None: nothing.
    past_ends : how often the text goes on where the model would have ended it. The token that ends a text is not put
        in; another one is chosen in its place, and none of the next TOKENS_PAST_END can end the text.
    """

    max_tokens: int
    stop: tuple[str, ...] = ()
    min_tokens: int = 0
    end_at_sentence: SentenceEnd | None = None
    past_ends: int = 0

    def __post_init__(self) -> None:
        counts = {"max_tokens": self.max_tokens, "min_tokens": self.min_tokens, "past_ends": self.past_ends}
        for setting, value in counts.items():
            if not 0 <= value <= MAX_TOKENS:
                raise InvalidSettingError(setting, value, 0, MAX_TOKENS)
        if self.end_at_sentence not in (None, *get_args(SentenceEnd)):
            raise InvalidChoiceError("end_at_sentence", self.end_at_sentence, get_args(SentenceEnd))

    @property
    def most_tokens(self) -> int:
        """Tokens to write at most, those that finish a sentence included."""
        return self.max_tokens + (MOST_MORE_TOKENS if self.end_at_sentence == "finish" else 0)


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
    transcript: Transcript,
    sampler: Sampler,
    limits: Limits,
    *,
    logits_digests: LogitsDigests | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Event]:
    """Write after a prompt, or after what has been written after it already.

    Parameters
    ----------
    session : a ReusableSession goes on from what it has in common with the transcript; any other starts afresh.
    transcript : is added to; each token and text is in it when its event is given out.
    sampler : chooses from logits (vocab,) and all ids before; ``Engine.sampler`` makes the fastest.
    logits_digests : takes all logits that tokens are chosen from.
    clock : seconds, for the statistics alone.

    Raises
    ------
    EmptyPromptError, PromptTooLongError : at once, before the first event is asked for.
    """
    length = len(transcript.ids)
    if not length:
        raise EmptyPromptError
    if length > session.n_ctx:
        raise PromptTooLongError(length, session.n_ctx)
    reusable = session if isinstance(session, ReusableSession) else ReusableSession(session)
    text = TextOut(tokenizer, limits.stop, transcript.ids, transcript.written)
    return _write(reusable, tokenizer, transcript, sampler, limits, text, logits_digests or LogitsDigests(), clock)


def _write(
    session: ReusableSession,
    tokenizer: Tokenizer,
    transcript: Transcript,
    sampler: Sampler,
    limits: Limits,
    text: TextOut,
    logits_digests: LogitsDigests,
    clock: Callable[[], float],
) -> Iterator[Event]:
    """Read the prompt, then write."""
    ids, done = transcript.ids, session.take_up(transcript)
    prompt_length = len(ids)
    stats = Stats(prompt_length, done)
    logits: Row | None = None
    while done < prompt_length:
        start = clock()
        count = min(session.prefill_chunk.size, prompt_length - done)
        done += count
        if done < prompt_length:
            session.read(count)
        else:
            logits = session.step(count)
        seconds = clock() - start
        session.prefill_chunk.update(count, seconds)
        stats = replace(stats, prefill_seconds=stats.prefill_seconds + seconds)
        yield Progress(done, prompt_length)

    whole = limits.end_at_sentence == "cut"
    while True:
        if stats.tokens >= limits.most_tokens:
            reason: FinishReason = "length"
            break
        if transcript.cut_off:
            token, logprob = transcript.cut_off.pop(0)
        else:
            if len(ids) > session.n_ctx:
                reason = "context"
                break
            start = clock()
            if session.position < len(ids):
                logits = session.step(len(ids) - session.position)
            assert logits is not None
            logits_digests.add(transcript.written, logits)
            past_end = transcript.ends <= limits.past_ends and transcript.written < transcript.no_end_before
            banned = tokenizer.eos_ids if past_end or transcript.written < limits.min_tokens else ()
            token, logprob = sampler.sample(logits, ids, banned)
            stats = _timed(stats, clock() - start)
        if token in tokenizer.eos_ids:
            if transcript.meet_end(TOKENS_PAST_END) and transcript.ends <= limits.past_ends:
                continue  # another token is chosen from the same logits
            reason = "stop"
            break
        if stats.tokens >= limits.max_tokens and is_whole_before(tokenizer, transcript, token):
            transcript.cut_off.insert(0, (token, logprob))
            reason, whole = "length", True
            break
        shown, found = text.push(token, after=ids[-1])
        transcript.add(token, shown, logprob)
        stats = replace(stats, tokens=stats.tokens + 1)
        yield Token(token, shown, logprob, stats)
        if found:
            reason = "stop-string"
            break
    rest = text.finish()
    transcript.show(rest)
    cut = cut_to_sentence(tokenizer, transcript) if reason == "length" and whole else None
    yield Finished(reason, rest, stats, cut)


def _timed(stats: Stats, seconds: float) -> Stats:
    """Return stats with one more choice: the first one ends the wait, each later one is a step."""
    if stats.first_token_seconds is None:
        return replace(stats, first_token_seconds=stats.prefill_seconds + seconds)
    return replace(stats, decode_steps=stats.decode_steps + 1, decode_seconds=stats.decode_seconds + seconds)
