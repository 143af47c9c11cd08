# SPDX-License-Identifier: Apache-2.0
"""Added tokens: those that are looked for in a text before anything else is done with it.

In comes the part "added_tokens"; out go two finders, one for a text as it is, one for a text that has been normalised.
Of tokens that begin at the same place the longest counts.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.special import MAX_SPECIAL_LENGTH, SpecialTokens
from taleproof.tokenizers.unicode.characters import SPACES, char_class


MAX_ADDED = 1 << 16


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
        content = part.text("content")
        if len(content) > MAX_SPECIAL_LENGTH:
            why = f"it has more than {MAX_SPECIAL_LENGTH} characters, and tokens so long are not looked for"
            raise part.fail("content", content[:80], why, remedy="Choose the same model as a GGUF file.")
        found.append(Added(part.count("id", most), content, **read))
    return found


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

    def split(self, text: str) -> Iterator[str | int]:
        """Yield the parts of a text in order, ids between strings; no part is empty.

        A token that takes the spaces after it takes them from the text between tokens only: spaces that are a token
        themselves come after it, as in Hugging Face's library.
        """
        done = 0
        for start, end, number in self._finder.find(text):
            token = self._tokens[number]
            inside_word = token.single_word and (_is_word(text[:start][-1:]) or _is_word(text[end : end + 1]))
            if inside_word:
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


def finders(added: list[Added], normalizer: Callable[[str], str] | None) -> tuple[AddedFinder, AddedFinder]:
    """Return the finder for a text as it is, and the one for a normalised text."""
    normal = normalizer or (lambda text: text)
    plain = AddedFinder((token.content, token) for token in added if not token.normalized)
    return plain, AddedFinder((normal(token.content), token) for token in added if token.normalized)


def _is_word(character: str) -> bool:
    return character != "" and character in char_class("word")
