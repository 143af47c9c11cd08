# SPDX-License-Identifier: Apache-2.0
"""Special tokens written in a text: find them before anything else is split.

In comes a text, out come its parts: strings, and the ids of the special tokens between them. At each
place the longest token that fits is taken. Where a text is literal, what looks like a special token is text.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence


Literal = Sequence[tuple[int, int]]
"""Stretches of a text, each from its first character to the one behind its last, in order."""

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

    def find(
        self, text: str, literal: Literal = (), everywhere: Collection[int] = ()
    ) -> Iterator[tuple[int, int, int]]:
        """Yield where each token begins and ends, and its id, in order; none overlap.

        Parameters
        ----------
        literal : where no token is found but those of ``everywhere``.
        """
        done = 0
        for start in self._starts.finditer(text) if self._starts else ():
            at = start.start()
            if at < done:
                continue
            for length in self._lengths[text[at]]:
                token = self._ids.get(text[at : at + length])
                if token is not None and (token in everywhere or not overlaps(literal, at, at + length)):
                    done = at + length
                    yield at, done, token
                    break

    def split(self, text: str, literal: Literal = (), everywhere: Collection[int] = ()) -> Iterator[str | int]:
        """Yield the parts of a text in order; no part is empty. The parameters are those of ``find``."""
        done = 0
        for start, end, token in self.find(text, literal, everywhere):
            if done < start:
                yield text[done:start]
            yield token
            done = end
        if done < len(text):
            yield text[done:]


def overlaps(literal: Literal, start: int, end: int) -> bool:
    """Return whether a part of a text, at least one character, lies in a literal stretch or reaches into one."""
    return any(begin < end and start < stop for begin, stop in literal)


def within(literal: Literal, start: int, end: int) -> Literal:
    """Return the literal stretches of a part of a text, counted from where the part begins."""
    return [
        (max(begin, start) - start, min(stop, end) - start)
        for begin, stop in literal
        if begin < end and start < stop and begin < stop
    ]
