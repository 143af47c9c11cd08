# SPDX-License-Identifier: Apache-2.0
"""Special tokens written in a text: find them before anything else is split.

In comes a text, out come its parts: strings, and the ids of the special tokens between them. At each
place the longest token that fits is taken.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator


MAX_SPECIAL_LENGTH = 256
"""Longer ones are never looked for: no real one is, and a hostile list of them would take for ever."""


class SpecialTokens:
    """A finder for a set of special tokens.

    Parameters
    ----------
    tokens : (text, id) of each; of two with the same text the last counts.
    """

    def __init__(self, tokens: Iterable[tuple[str, int]]) -> None:
        self._ids = {text: token for text, token in tokens if 0 < len(text) <= MAX_SPECIAL_LENGTH}
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for text in self._ids:
            lengths[text[0]].add(len(text))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        self._starts = re.compile("[" + "".join(map(re.escape, lengths)) + "]") if lengths else None

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield where each token begins and ends, and its id, in order; none overlap."""
        done = 0
        for start in self._starts.finditer(text) if self._starts else ():
            at = start.start()
            if at < done:
                continue
            for length in self._lengths[text[at]]:
                token = self._ids.get(text[at : at + length])
                if token is not None:
                    done = at + length
                    yield at, done, token
                    break

    def split(self, text: str) -> Iterator[str | int]:
        """Yield the parts of a text in order; no part is empty."""
        done = 0
        for start, end, token in self.find(text):
            if done < start:
                yield text[done:start]
            yield token
            done = end
        if done < len(text):
            yield text[done:]
