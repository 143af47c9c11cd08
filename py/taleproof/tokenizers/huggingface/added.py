# SPDX-License-Identifier: Apache-2.0
"""Added tokens: those that are looked for in a text before anything else is done with it.

In comes the part "added_tokens"; out go two finders, one for a text as it is, one for a text that has been normalised.
Of tokens that begin at the same place the longest counts.
"""

from collections.abc import Callable, Iterable, Iterator
from operator import is_
from typing import Any, NamedTuple

from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.special import MAX_SPECIAL_LENGTH, Literal, SpecialTokens, within
from taleproof.tokenizers.unicode.characters import SPACES, char_class


MAX_ADDED = 1 << 16


class Added(NamedTuple):
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
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False
    normalized: bool = True
    special: bool = False


_TYPES = {"id": int, "content": str} | dict.fromkeys(Added._field_defaults, bool)


def read_added(root: Part, most: int) -> list[Added]:
    """Read the list; an id may be up to ``most``."""
    if "added_tokens" not in root:
        return []
    rows: list[Any] = root.get("added_tokens", list)
    if len(rows) > MAX_ADDED:
        raise root.fail("added_tokens", len(rows), f"at most {MAX_ADDED:,} tokens are read")
    return [_read(root, f"added_tokens[{number}]", row, most) for number, row in enumerate(rows)]


def _read(root: Part, path: str, row: Any, most: int) -> Added:
    """Read one token. Lists have up to 65,536, so one that is as it should be is not read field by field."""
    usual = isinstance(row, dict) and all(map(is_, map(type, row.values()), map(_TYPES.get, row)))
    if usual and "id" in row and "content" in row:
        token = Added(**row)
        if 0 <= token.id <= most and len(token.content) <= MAX_SPECIAL_LENGTH:
            return token
    part = Part(root.file, path, row, root.allowance)
    part.only(*_TYPES)
    content = part.text("content")
    if len(content) > MAX_SPECIAL_LENGTH:
        why = f"it has more than {MAX_SPECIAL_LENGTH} characters, and tokens so long are not looked for"
        raise part.fail("content", content[:80], why, remedy="Choose the same model as a GGUF file.")
    flags = {flag: part.flag(flag, default) for flag, default in Added._field_defaults.items()}
    return Added(part.count("id", most), content, **flags)


class AddedFinder:
    """Finds tokens in a text.

    Parameters
    ----------
    tokens : with what is looked for in place of each.
    """

    def __init__(self, tokens: Iterable[tuple[str, Added]]) -> None:
        listed = list(tokens)
        self._tokens = [token for _, token in listed]
        self._finder = SpecialTokens((text, number) for number, (text, _) in enumerate(listed))
        self._text = frozenset(number for number, token in enumerate(self._tokens) if not token.special)

    def split(self, text: str, literal: Literal = ()) -> Iterator[tuple[str | int, Literal]]:
        """Yield the parts of a text in order, ids between strings; no part is empty. With each its literal stretches.

        A token that takes the spaces after it takes them from the text between tokens only: spaces that are a token
        themselves come after it, as in Hugging Face's library.
        """
        done = spaces_end = 0
        for start, end, number in self._finder.find(text, literal, self._text):
            token = self._tokens[number]
            if token.single_word and (_is_word(text[max(start - 1, 0) : start]) or _is_word(text[end : end + 1])):
                continue
            # Letter by letter, and none twice: a look at the rest for each token would take the square of the length.
            while token.lstrip and start > done and text[start - 1] in SPACES:
                start -= 1
            if token.rstrip:
                end = max(end, spaces_end)
                while end < len(text) and text[end] in SPACES:
                    end += 1
                spaces_end = end
            if done < start:
                yield text[done:start], within(literal, done, start)
            yield token.id, ()
            done = end
        if done < len(text):
            yield text[done:], within(literal, done, len(text))


def finders(added: Iterable[Added], normalizer: Callable[[str], str] | None) -> tuple[AddedFinder, AddedFinder]:
    """Return the finder for a text as it is, and the one for a normalised text."""
    normal = normalizer or str
    plain, normalised = [], []
    for token in added:
        if token.normalized:
            normalised.append((normal(token.content), token))
        else:
            plain.append((token.content, token))
    return AddedFinder(plain), AddedFinder(normalised)


def _is_word(character: str) -> bool:
    return character != "" and character in char_class("word")
