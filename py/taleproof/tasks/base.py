# SPDX-License-Identifier: Apache-2.0
"""What all tasks have in common: a model, an input and options come in, events come out as they happen.

The caller pulls the events, so that stopping is not asking for the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from taleproof.tasks.transcript import Cut


M = TypeVar("M", contravariant=True)
I = TypeVar("I", contravariant=True)  # noqa: E741 - an input
O = TypeVar("O", contravariant=True)  # noqa: E741 - options
E = TypeVar("E", covariant=True)

FinishReason = Literal["stop", "stop-string", "length", "context"]


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
class Progress:
    """A part of the input has been read.

    Attributes
    ----------
    done, total : of a prompt in tokens, those in the cache included.
    text : empty, so that the texts of all events together are the whole text.
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
    stats : what has been done so far, and in what time.
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
    stats : what was done, and in what time.
    cut : what events have given that is no part of the text, so that it ends at a sentence; None for nothing.
    """

    reason: FinishReason
    text: str
    stats: Stats
    cut: Cut | None = None


@dataclass(frozen=True)
class Scored:
    """A token of a given text.

    Attributes
    ----------
    id : the token.
    logprob : the natural logarithm of its probability after all before it.
    best : the likeliest token there.
    """

    id: int
    logprob: float
    best: int


@dataclass(frozen=True)
class Vector:
    """What a text is as a vector: float32 (dim,), of length 1."""

    values: NDArray[np.float32]


class Task(Protocol[M, I, O, E]):
    """Something that a model is used for."""

    def run(self, model: M, given: I, options: O, /) -> Iterator[E]:
        """Do it. What can't be done at all is refused at once, before the first event is asked for."""
        ...
