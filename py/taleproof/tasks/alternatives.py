# SPDX-License-Identifier: Apache-2.0
"""What else could have stood in a text: a prompt, a text and a stretch of it come in, the likeliest tokens at each of
its places go out, with their log-probabilities.

The model reads the text once more, from where the session has nothing of it, and the stretch in batches. Its logits are
to the bit those that each token was chosen from; what is told is the model's own opinion, before any filter or penalty.
The order is that of the logits, from the largest down, and of equal ones that of the ids: the same on every machine.
Writing costs nothing of this: nothing is kept for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import InvalidSettingError, PromptTooLongError
from taleproof.sampling.chain import top_k
from taleproof.sampling.logprobs import LogProbabilities
from taleproof.tasks.generate import ReusableSession
from taleproof.tasks.transcript import Transcript


MOST = 100
"""Tokens that are told of a place, at most."""

PLACES_AT_ONCE = 8
"""Places whose logits are copied out together: 8 MB of them with the largest vocabularies."""


@dataclass(frozen=True)
class Choice:
    """A token that could stand at a place, and the natural logarithm of its probability there."""

    id: int
    logprob: float


@dataclass(frozen=True)
class Place:
    """A place of a text.

    Attributes
    ----------
    chosen : the token that stands there.
    likeliest : from the likeliest down; of equals the smaller id first.
    """

    chosen: Choice
    likeliest: tuple[Choice, ...]


def alternatives(
    session: ReusableSession, prompt_ids: Sequence[int], tokens: Sequence[int], begin: int, end: int, count: int
) -> Iterator[Place]:
    """Tell of each place of a stretch. What the session holds of the text already is not read again.

    Parameters
    ----------
    prompt_ids, tokens : what the model was given, and what stands after it.
    begin, end : the stretch, in numbers of ``tokens``; ``end`` is behind its last.
    count : how many of the likeliest tokens.

    Raises
    ------
    InvalidSettingError : a stretch that is not in the text, a count that is not possible, or an empty prompt.
    PromptTooLongError : a text that does not fit into the context.
    """
    _check("end", end, 0, len(tokens))
    _check("begin", begin, 0, end)
    _check("count", count, 1, MOST)
    _check("prompt_tokens", len(prompt_ids), 1, session.n_ctx)
    ids = [*prompt_ids, *tokens[:end]]
    if len(ids) - 1 > session.n_ctx:
        raise PromptTooLongError(len(ids) - 1, session.n_ctx)
    return _tell(session, ids, len(prompt_ids) + begin, count)


def _tell(session: ReusableSession, ids: list[int], first: int, count: int) -> Iterator[Place]:
    """Tell of the places from ``first`` to the last."""
    if first == len(ids):
        return
    # The token before a place gives its logits, so it is run in any case; nothing is asked of the last one.
    text = Transcript(ids[:first])
    session.take_up(text)
    text.ids += ids[first:]
    while session.position < first - 1:
        session.read(min(session.prefill_batch, first - 1 - session.position))
    at = first
    while at < len(ids):
        for row in session.rows(min(PLACES_AT_ONCE, len(ids) - at)):
            yield _place(row, ids[at], count)
            at += 1


def _place(logits: NDArray[np.float32], chosen: int, count: int) -> Place:
    """Tell of a place by its logits (vocab,)."""
    logprobs = LogProbabilities(logits)
    kept = top_k(logits, count)
    order = kept[np.argsort(-logits[kept], kind="stable")]
    likeliest = tuple(Choice(token, logprobs.of(token)) for token in order.tolist())
    return Place(Choice(chosen, logprobs.of(chosen)), likeliest)


def _check(setting: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise InvalidSettingError(setting, value, low, high)
