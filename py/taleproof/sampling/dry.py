# SPDX-License-Identifier: Apache-2.0
"""DRY ("don't repeat yourself"): what would go on with a sequence that the text has had before becomes less likely.

Logits and the ids before them come in, logits go out. The rule is that of p-e-w's pull request to
text-generation-webui (DRYLogitsProcessor of its sampler_hijack.py). A token that followed an earlier occurrence of the
text's last `length` tokens loses multiplier * base ** (length - allowed_length), if its longest such match is of
allowed_length or more; a match of more than LONGEST_MATCH tokens counts as one of so many. No match has a breaker in
it, and none is made of tokens before the last `dry_last_n`. llama.cpp counts longer matches, and bounds the exponent
instead: up to LONGEST_MATCH tokens both agree.

What a breaker is: a token that ends one of the texts in `dry_sequence_breakers`, in the bytes of the text so far. So a
colon is found in a token of its own and in one with a line break after it, and a name of three tokens in its third,
however the tokenizer cuts. The original encodes each text and takes its last token; llama.cpp looks for tokens that
overlap the text, and encodes the rest.

Powers are float32 products in turn, at most LARGEST_PENALTY, so that they have the same bits in kernels/sample/dry.h.
"""

from array import array
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray


LONGEST_MATCH = 50
LARGEST_PENALTY = 2.0**20
"""No logit of a model's is near it, and none becomes infinite by it."""

BREAKER = 2**32 - 1
"""Stands for a token that ends a breaker: the same as no token."""

DEFAULT_BREAKERS = ("\n", ":", '"', "*")
"""Those of text-generation-webui and llama.cpp."""

TokenBytes = Callable[[int], bytes]
"""Returns the bytes of a token, ``Tokenizer.token_bytes``."""

Floats = NDArray[np.float32]


def penalty(length: int, multiplier: float, base: float, allowed_length: int) -> np.float32:
    """Return what a token loses for a match of so many tokens, not fewer than allowed_length."""
    value, factor = np.float32(multiplier), np.float32(base)
    with np.errstate(over="ignore"):
        for _ in range(length - allowed_length):
            value = value * factor
    return min(value, np.float32(LARGEST_PENALTY))


def longest_matches(history: Sequence[int], vocab_size: int) -> dict[int, int]:
    """Return, for each token that followed an earlier occurrence of the last tokens, how many those are at most.

    Parameters
    ----------
    history : ids; one that is not below vocab_size is the same as none.
    """
    found: dict[int, int] = {}
    last = len(history) - 1
    for i in range(last):
        token = history[i + 1]
        if token >= vocab_size:
            continue
        length = 0
        while (
            length < min(LONGEST_MATCH, i + 1)
            and history[last - length] < vocab_size
            and history[i - length] == history[last - length]
        ):
            length += 1
        if length:
            found[token] = max(length, found.get(token, 0))
    return found


def apply_dry(logits: Floats, history: Sequence[int], multiplier: float, base: float, allowed_length: int) -> Floats:
    """Return logits (vocab,) with those of tokens that would go on with a repetition made less likely.

    Parameters
    ----------
    history : the ids to look at, BREAKER in place of each that ends a breaker.
    """
    result = logits.copy()
    for token, length in longest_matches(history, logits.size).items():
        if length >= allowed_length:
            result[token] -= penalty(length, multiplier, base, allowed_length)
    return result


class BreakerMarks:
    """Finds the tokens that end a breaker, in a text that grows.

    Parameters
    ----------
    breakers : the texts, none of them empty.
    """

    def __init__(self, breakers: Sequence[str], token_bytes: TokenBytes) -> None:
        self._breakers = [text.encode("utf-8", "replace") for text in breakers]
        self._longest = max(map(len, self._breakers), default=0)
        self._token_bytes = token_bytes
        self._restart()

    def _restart(self) -> None:
        self._history: list[int] = []
        self._marked = array("I")
        self._tail = b""  # what a breaker may have begun in

    def mark(self, history: Sequence[int]) -> "array[int]":
        """Return the ids, BREAKER in place of each that ends a breaker; the array is lent until the next call."""
        if history[: len(self._history)] != self._history:
            self._restart()
        for token in history[len(self._history) :]:
            self._history.append(token)
            self._marked.append(BREAKER if self._ends_breaker(token) else token)
        return self._marked

    def _ends_breaker(self, token: int) -> bool:
        before, text = len(self._tail), self._tail + self._token_bytes(token)
        found = any(text.find(breaker, max(0, before - len(breaker) + 1)) >= 0 for breaker in self._breakers)
        self._tail = text[max(0, len(text) - self._longest) :]
        return found
