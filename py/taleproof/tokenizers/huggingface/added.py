"""Added tokens: those that are looked for in a text before anything else is done with it.

In comes the part "added_tokens"; out go two finders, one for a text as it is, one for a text that has been normalised.
Of tokens that begin at the same place the longest counts.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..characters import SPACES, WORD
from .part import Part


MAX_ADDED = 1 << 16
MAX_LENGTH = 256
"""Characters of a token: longer ones are never looked for, no real one is."""


@dataclass(frozen=True, slots=True)
class Added:
    """A token of the list.

    Attributes
    ----------
    single_word : it counts only where no word goes on at its ends.
    lstrip, rstrip : the spaces before and after it are part of it.
    normalized : it is looked for in the normalised text.
    special : it is no text.
    """

    id: int
    content: str
    single_word: bool
    lstrip: bool
    rstrip: bool
    normalized: bool
    special: bool


def read_added(root: Part, most: int) -> list[Added]:
    """Read the list; an id may be up to ``most``."""
    if "added_tokens" not in root:
        return []
    flags = ("single_word", "lstrip", "rstrip", "normalized", "special")
    found = []
    for part in root.parts("added_tokens", MAX_ADDED):
        part.only("id", "content", *flags)
        read = {flag: part.flag(flag, flag == "normalized") for flag in flags}
        found.append(Added(part.count("id", most), part.text("content"), **read))
    return found


class AddedFinder:
    """Finds tokens in a text.

    Parameters
    ----------
    tokens : with what is looked for in place of each.
    """

    def __init__(self, tokens: Iterable[tuple[str, Added]]) -> None:
        self._tokens = {text: token for text, token in tokens if 0 < len(text) <= MAX_LENGTH}
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for text in self._tokens:
            lengths[text[0]].add(len(text))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        self._starts = re.compile("[" + "".join(map(re.escape, lengths)) + "]") if lengths else None

    def split(self, text: str) -> Iterator[str | int]:
        """Yield the parts of a text in order, ids between strings; no part is empty."""
        done = 0
        for start, end, token in self._found(text):
            if start < done:
                continue
            if token.lstrip:
                start = max(len(text[:start].rstrip(SPACES)), done)
            if token.rstrip:
                end = len(text) - len(text[end:].lstrip(SPACES))
            if done < start:
                yield text[done:start]
            yield token.id
            done = end
        if done < len(text):
            yield text[done:]

    def _found(self, text: str) -> Iterator[tuple[int, int, Added]]:
        done = 0
        for match in self._starts.finditer(text) if self._starts else ():
            start = match.start()
            if start < done:
                continue
            for length in self._lengths[text[start]]:
                token = self._tokens.get(text[start : start + length])
                if token is not None:
                    done = start + length
                    if not token.single_word or not (_is_word(text[:start][-1:]) or _is_word(text[done : done + 1])):
                        yield start, done, token
                    break


def finders(added: list[Added], normalizer: Callable[[str], str] | None) -> tuple[AddedFinder, AddedFinder]:
    """Return the finder for a text as it is, and the one for a normalised text."""
    normal = normalizer or (lambda text: text)
    plain = AddedFinder((token.content, token) for token in added if not token.normalized)
    return plain, AddedFinder((normal(token.content), token) for token in added if token.normalized)


def _is_word(character: str) -> bool:
    import regex

    return regex.fullmatch(f"[{WORD}]", character) is not None
