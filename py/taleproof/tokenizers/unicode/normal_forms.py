# SPDX-License-Identifier: Apache-2.0
"""Unicode's four normal forms, with the tables of Hugging Face's tokenizers library.

In comes a text, out goes the same text in a normal form. Time is n log n in the longest run of combining marks, and
linear otherwise.

Source: The Unicode Standard, section 3.11 (normal forms) and 3.12 (Hangul).
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Literal

from taleproof.tokenizers.unicode.characters import CharClass, CharTable, ClassPattern, unicode_table


Form = Literal["NFC", "NFD", "NFKC", "NFKD"]

_L, _V, _T, _S = 0x1100, 0x1161, 0x11A7, 0xAC00  # Hangul: letters that begin, vowels, letters that end, syllables
_LS, _VS, _TS = 19, 21, 28
_VOWELS, _ENDS, _SYLLABLES = range(_V, _V + _VS), range(_T + 1, _T + _TS), range(_S, _S + _LS * _VS * _TS)


def normalized(form: Form, text: str) -> str:
    """Return a text in a normal form."""
    return text if text.isascii() else _normalizer(form)(text)


@cache
def _normalizer(form: Form) -> Callable[[str], str]:
    table = unicode_table()
    parts: dict[str, str] = table["canonical"]
    pairs: dict[str, str] = table["pairs"]
    changing = parts.keys() - pairs.values()
    if form in ("NFKC", "NFKD"):
        parts = parts | table["compatible"]
        changing |= table["compatible"].keys()
    classes = {char: int(number) for number, steps in table["classes"].items() for char in CharClass(steps)}
    decomposer = _Decomposer(parts, classes)
    return decomposer if form in ("NFD", "NFKD") else _Composer(decomposer, pairs, changing)


class _Decomposer:
    """Writes characters as their parts, with combining marks in order.

    Parameters
    ----------
    parts : what characters are written as, in full.
    classes : the combining class of each mark.
    """

    def __init__(self, parts: dict[str, str], classes: dict[str, int]) -> None:
        self.classes = classes
        self._written = CharTable(lambda char: _hangul_parts(char) or parts.get(char, char))
        self._marks = ClassPattern("[{}]{2,}", CharClass.of(classes))

    def __call__(self, text: str) -> str:
        text = text.translate(self._written)
        return self._marks.of(text).sub(self._in_order, text)

    def _in_order(self, run: re.Match[str]) -> str:
        return "".join(sorted(run[0], key=self.classes.__getitem__))


class _Composer:
    """Writes characters and the marks after them as one, where there is such a one.

    Parameters
    ----------
    pairs : what two characters become.
    changing : the characters that are never in a text of this form.
    """

    def __init__(self, decompose: _Decomposer, pairs: dict[str, str], changing: set[str]) -> None:
        self._decompose = decompose
        self._pairs = pairs
        joining = {pair[1] for pair in pairs} | set(map(chr, _VOWELS)) | set(map(chr, _ENDS))
        # The rest stays as it is, and begins anew: only what follows it here can change it.
        self._changes = ClassPattern("(?s:.)?[{}]+", CharClass.of(joining | changing | set(decompose.classes)))

    def __call__(self, text: str) -> str:
        return self._changes.of(text).sub(lambda found: self._composed(self._decompose(found[0])), text)

    def _composed(self, text: str) -> str:
        written: list[str] = []
        classes, pairs = self._decompose.classes, self._pairs
        starter, last = -1, 0  # where the character is that may take up others; the class of the mark before
        for char in text:
            mark = classes.get(char, 0)
            if starter >= 0 and (last < mark or starter == len(written) - 1):
                pair = written[starter] + char
                one = pairs.get(pair) or _hangul_syllable(pair)
                if one:
                    written[starter] = one
                    continue
            if not mark:
                starter = len(written)
            last = mark
            written.append(char)
        return "".join(written)


def _hangul_parts(char: str) -> str:
    if ord(char) not in _SYLLABLES:
        return ""
    rest, end = divmod(ord(char) - _S, _TS)
    first, vowel = divmod(rest, _VS)
    return chr(_L + first) + chr(_V + vowel) + (chr(_T + end) if end else "")


def _hangul_syllable(pair: str) -> str:
    first, second = ord(pair[0]), ord(pair[1])
    if _L <= first < _L + _LS and second in _VOWELS:
        return chr(_S + ((first - _L) * _VS + second - _V) * _TS)
    if first in _SYLLABLES and (first - _S) % _TS == 0 and second in _ENDS:
        return chr(first + second - _T)
    return ""
