# SPDX-License-Identifier: Apache-2.0
"""Pre-tokenizers: how a text is cut into words, which no token crosses.

In comes the part "pre_tokenizer", out goes a PreTokenizer. Byte-level ones also have words spelt in characters that
stand for bytes; where that is the last thing they do, it is left to the model, which remembers the words it has met.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from taleproof.tokenizers.algorithms.bpe import in_bytes
from taleproof.tokenizers.algorithms.pretokenize import GPT2
from taleproof.tokenizers.algorithms.wordpiece import bert_words
from taleproof.tokenizers.huggingface.budget import Budget
from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.huggingface.pattern import Expression, compiled, read_pattern
from taleproof.tokenizers.unicode.characters import SPACES, CharClass, ClassPattern, char_class


Cut = Callable[[str, bool, Budget], list[str]]
"""From a word, and whether it begins the whole text, to words; empty ones are left out afterwards."""

Span = tuple[int, int]

Pieces = Iterable[tuple[str, bool]]
"""A text in order: what was looked for, True, and what is between it."""


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """How a text is cut into words.

    Attributes
    ----------
    cuts : one after the other, with what messages call each.
    byte_level : the words are still to be spelt in characters that stand for bytes.
    """

    cuts: tuple[tuple[str, Cut], ...] = ()
    byte_level: bool = False

    def split(self, text: str, at_start: bool, budget: Budget) -> list[str]:
        """Return the words of a text.

        Parameters
        ----------
        at_start : whether it begins the whole text.

        Raises
        ------
        TokenizerLimitError : a cut takes too long, or makes the text too long.
        """
        words, length = [text] if text else [], len(text)
        for label, cut in self.cuts:
            if len(words) == 1:
                words = list(filter(None, cut(words[0], at_start, budget)))
            else:
                words = [new for n, word in enumerate(words) for new in cut(word, at_start and n == 0, budget) if new]
            before, length = length, sum(map(len, words))
            budget.grow(label, length - before)
        return words


def read_pre_tokenizer(part: Part | None) -> PreTokenizer:
    """Read the part; None leaves a text whole.

    Raises
    ------
    FormatError, UnknownTokenizerPartError
    """
    parts = _flat(part) if part is not None else []
    cuts: list[tuple[str, Cut]] = []
    byte_level = False
    for number, each in enumerate(parts):
        last = number == len(parts) - 1
        if each.kind == "ByteLevel":
            cuts += [(each.label, cut) for cut in _byte_level(each)]
            byte_level = last
            if not last:
                cuts.append((each.label, lambda word, _first, _budget: [in_bytes(word)]))
        elif each.kind in _READERS:
            if number and each.kind == "Metaspace" and each.text("prepend_scheme", "always") == "first":
                each.unknown("a mark before the first word only, after the text has been cut")
            cuts.append((each.label, _READERS[each.kind](each)))
        else:
            each.unknown()
    return PreTokenizer(tuple(cuts), byte_level)


def _flat(part: Part) -> list[Part]:
    if part.kind != "Sequence":
        return [part]
    part.only("pretokenizers")
    parts = list(part.parts("pretokenizers"))
    for each in parts:
        if each.kind == "Sequence":
            each.unknown("a sequence in a sequence")
    return parts


def _byte_level(part: Part) -> list[Cut]:
    part.only("add_prefix_space", "trim_offsets", "use_regex")
    cuts: list[Cut] = []
    if part.flag("add_prefix_space", True):
        cuts.append(lambda word, _first, _budget: [word if word.startswith(" ") else " " + word])
    if part.flag("use_regex", True):
        cuts.append(_isolated(compiled(part, GPT2)))
    return cuts


def _metaspace(part: Part) -> Cut:
    part.only("replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep")
    mark = part.character("replacement")
    scheme = part.choice("prepend_scheme", {name: name for name in ("always", "first", "never")}, "always")
    if not part.flag("add_prefix_space", True):
        scheme = "never"
    found = re.compile(f"{re.escape(mark)}?[^{re.escape(mark)}]+|{re.escape(mark)}").findall
    split = part.flag("split", True)

    def cut(word: str, first: bool, _: Budget) -> list[str]:
        word = word.replace(" ", mark)
        if (scheme == "always" or (scheme == "first" and first)) and not word.startswith(mark):
            word = mark + word
        return found(word) if split else [word]

    return cut


def _split(part: Part) -> Cut:
    part.only("pattern", "behavior", "invert")
    behavior = part.choice("behavior", _BEHAVIORS)
    invert = part.flag("invert", False)
    pattern = read_pattern(part)
    if isinstance(pattern, str):
        found = re.compile(re.escape(pattern))
        return _cut(lambda word, _: [match.span() for match in found.finditer(word)], behavior, invert)
    if behavior is _isolate:
        return _isolated(pattern)
    return _cut(pattern.spans, behavior, invert)


def _of_class(characters: CharClass, behavior: str) -> Cut:
    """Cut at each character of a class."""
    found = ClassPattern("[{}]", characters)
    return _cut(lambda word, _: [match.span() for match in found.of(word).finditer(word)], _BEHAVIORS[behavior], False)


def _digits(part: Part) -> Cut:
    part.only("individual_digits")
    return _of_class(char_class("number"), "Isolated" if part.flag("individual_digits", False) else "Contiguous")


def _punctuation(part: Part) -> Cut:
    part.only("behavior")
    part.choice("behavior", _BEHAVIORS, "Isolated")
    return _of_class(char_class("punctuation"), part.text("behavior", "Isolated"))


def _whitespace(part: Part) -> Cut:
    part.only()
    found = ClassPattern(f"[{{}}]+|[^{{}}{SPACES}]+", char_class("word"))
    return lambda word, _first, _budget: found.of(word).findall(word)


def _whitespace_split(part: Part) -> Cut:
    part.only()
    found = re.compile(f"[^{SPACES}]+").findall
    return lambda word, _first, _budget: found(word)


def _bert(part: Part) -> Cut:
    part.only()
    return lambda word, _first, _budget: bert_words(word)


_READERS: Mapping[str, Callable[[Part], Cut]] = {
    "BertPreTokenizer": _bert,
    "Digits": _digits,
    "Metaspace": _metaspace,
    "Punctuation": _punctuation,
    "Split": _split,
    "Whitespace": _whitespace,
    "WhitespaceSplit": _whitespace_split,
}


def _isolated(pattern: Expression) -> Cut:
    """Cut into what an expression finds, and what is between it."""

    def cut(word: str, _: bool, budget: Budget) -> list[str]:
        found = pattern.whole(word, budget)
        return found if found is not None else [piece for piece, _ in _found(pattern.spans(word, budget), word)]

    return cut


def _cut(find: Callable[[str, Budget], list[Span]], behavior: Callable[[Pieces], list[str]], invert: bool) -> Cut:
    def cut(word: str, _: bool, budget: Budget) -> list[str]:
        pieces = _found(find(word, budget), word)
        return behavior([(piece, is_match is not invert) for piece, is_match in pieces])

    return cut


def _found(spans: list[Span], word: str) -> list[tuple[str, bool]]:
    """Return all of a word, in order; matches of nothing are none."""
    pieces, done = [], 0
    for start, end in spans:
        if start == end:
            continue
        if done < start:
            pieces.append((word[done:start], False))
        pieces.append((word[start:end], True))
        done = end
    if done < len(word):
        pieces.append((word[done:], False))
    return pieces


def _isolate(pieces: Pieces) -> list[str]:
    return [piece for piece, _ in pieces]


def _remove(pieces: Pieces) -> list[str]:
    return [piece for piece, is_match in pieces if not is_match]


def _merge_with_previous(pieces: Pieces) -> list[str]:
    return ["".join(group) for group in _grouped(pieces, lambda before, match: match and not before)]


def _merge_with_next(pieces: Pieces) -> list[str]:
    backwards = _grouped(reversed(list(pieces)), lambda before, match: match and not before)
    return ["".join(reversed(group)) for group in backwards][::-1]


def _contiguous(pieces: Pieces) -> list[str]:
    return ["".join(group) for group in _grouped(pieces, lambda before, match: match == before)]


def _grouped(pieces: Pieces, joins: Callable[[bool, bool], bool]) -> Iterator[list[str]]:
    """Yield pieces that stay together.

    Parameters
    ----------
    joins : whether a piece joins the one before it, by whether each of the two was looked for.
    """
    group: list[str] = []
    before = False
    for piece, is_match in pieces:
        if group and not joins(before, is_match):
            yield group
            group = []
        group.append(piece)
        before = is_match
    if group:
        yield group


_BEHAVIORS: Mapping[str, Callable[[Pieces], list[str]]] = {
    "Isolated": _isolate,
    "Removed": _remove,
    "MergedWithPrevious": _merge_with_previous,
    "MergedWithNext": _merge_with_next,
    "Contiguous": _contiguous,
}
