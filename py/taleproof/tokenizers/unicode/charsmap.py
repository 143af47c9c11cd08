# SPDX-License-Identifier: Apache-2.0
"""The table of SentencePiece that says which characters a text is written with before it is tokenised.

In comes the "precompiled charsmap" of a T5 model: the length of a trie, u32, the trie as a double array of u32 (darts),
and after it the replacements, each ended by a zero byte. Out goes a CharsMap. Every branch is looked at once when the
table is read. Refused: a trie that leads outside itself, replacements that are not UTF-8 or longer than any real one.
Of keys only those count that are whole characters.

Source: SentencePiece's normalizer.cc, the layout of darts-clone; Hugging Face's spm_precompiled for the second way.
"""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import FormatError


MAX_BYTES = 1 << 20
"""The table of NFKC, the usual one, has some 300 KB. One of this size that was made to take long takes 0.4 s."""

MAX_KEY = 16
"""Characters of a key, beyond which none is looked for."""

MAX_REPLACEMENT_BYTES = 256
"""The longest of NFKC has 33: U+FDFA is a sentence."""

SHORT_GRAPHEME = 6
"""Bytes from which on Hugging Face's library looks at each character of a grapheme by itself."""

_BLOCK = 1 << 11  # states that are looked at together: (2048, 255) of u32 is 2 MB
_LABELS = np.arange(1, 256, dtype=np.uint32)
_REMEMBERED = 1 << 14  # stretches of text, of at most so many characters:
_STRETCH = 32
_BEYOND_ASCII = re.compile(r"[\0-\x7f]?[^\0-\x7f]+")  # with the letter that a combining accent would follow

Units = NDArray[np.uint32]


class CharsMap:
    """What is written instead of some characters.

    Parameters
    ----------
    units : (n,), the trie.
    replacements : of each place that a leaf of the trie names.
    joins_ascii : whether a key has an ASCII character after its first.
    """

    def __init__(self, units: Units, replacements: dict[int, str], *, joins_ascii: bool) -> None:
        self._labels: list[int] = _labels(units).tolist()
        self._offsets: list[int] = _offsets(units).tolist()
        self._units: list[int] = units.tolist()
        self._replacements = replacements
        self._joins_ascii = joins_ascii
        self._singles = _Singles(self)
        self._stretches: dict[str, str] = {}
        self._graphemes: dict[str, str] = {}

    def longest(self, text: str) -> str:
        """Return the text as SentencePiece writes it: at each place the longest key is replaced."""
        if self._joins_ascii:
            return self._stretch(text)
        parts: list[str] = []
        done = 0
        for found in _BEYOND_ASCII.finditer(text):
            parts += text[done : found.start()].translate(self._singles), self._stretch(found[0])
            done = found.end()
        return "".join([*parts, text[done:].translate(self._singles)])

    def by_grapheme(self, text: str) -> str:
        """Return the text as Hugging Face's library writes it: of a grapheme the shortest key at its beginning counts.

        What follows that key in a short grapheme is left out.
        """
        if text.isascii() and "\r\n" not in text:
            return text.translate(self._singles)
        import regex

        runs: list[str] = regex.findall(r"(?:[ -~](?![^\x00-\x7f]))+|\X", text)
        return "".join(map(self._grapheme, runs))

    def matches(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield the length and the replacement of each key that the text begins with, the shortest first."""
        labels, offsets, state = self._labels, self._offsets, self._offsets[0]
        for length, char in enumerate(text[:MAX_KEY], 1):
            at = -1
            for byte in char.encode():
                at = state ^ byte
                if byte == 0 or at >= len(labels) or labels[at] != byte:
                    return
                state = at ^ offsets[at]
            if self._units[at] >> 8 & 1:
                yield length, self._replacements[self._units[state] & 0x7FFFFFFF]

    def _stretch(self, text: str) -> str:
        known = self._stretches.get(text)
        if known is not None:
            return known
        parts, at = [], 0
        while at < len(text):
            length, written = 1, text[at]
            for length, written in self.matches(text[at : at + MAX_KEY]):  # noqa: B007 (the last one counts)
                pass
            parts.append(written)
            at += length
        return self._remember(self._stretches, text, "".join(parts))

    def _grapheme(self, run: str) -> str:
        known = self._graphemes.get(run)
        if known is not None:
            return known
        single = len(run) > 1 and run.isascii() and run != "\r\n"
        first = None if single or len(run.encode()) >= SHORT_GRAPHEME else next(self.matches(run), None)
        return self._remember(self._graphemes, run, run.translate(self._singles) if first is None else first[1])

    @staticmethod
    def _remember(known: dict[str, str], text: str, written: str) -> str:
        if len(text) <= _STRETCH and len(known) < _REMEMBERED:
            known[text] = written
        return written


class _Singles(dict[int, str]):
    """What is written for single characters, as far as it has been asked for."""

    def __init__(self, charsmap: CharsMap) -> None:
        super().__init__()
        self._charsmap = charsmap

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = written = next((found for _, found in self._charsmap.matches(char)), char)
        return written


def read_charsmap(data: bytes, file: str, field: str) -> CharsMap:
    """Read a table.

    Raises
    ------
    FormatError
    """
    if len(data) > MAX_BYTES:
        raise FormatError(file, field, len(data), None, f"at most {MAX_BYTES:,} bytes are read")
    size = int.from_bytes(data[:4], "little")
    if len(data) < 4 or size % 4 or not 4 <= size <= len(data) - 4:
        raise FormatError(file, field, size, None, "the trie of the characters does not fit in its table")
    units = np.frombuffer(data, "<u4", size // 4, offset=4).astype(np.uint32)
    try:
        places, joins_ascii = _walked(units)
        texts = data[4 + size :]
        replacements = {at: _replacement(texts, at) for at in places}
    except UnicodeDecodeError:
        raise FormatError(file, field, None, None, "the table of the characters has bytes that are not UTF-8") from None
    except _TableError as error:
        raise FormatError(file, field, None, None, f"the table of the characters {error}") from None
    return CharsMap(units, replacements, joins_ascii=joins_ascii)


class _TableError(Exception):
    """What is wrong with a table."""


def _labels(units: Units) -> Units:
    """Return by which byte each place is entered; that of a replacement by none."""
    return units & np.uint32((1 << 31) | 0xFF)


def _offsets(units: Units) -> Units:
    """Return where the children of each place are: each at its place XOR this XOR its byte."""
    return (units >> np.uint32(10)) << ((units & np.uint32(1 << 9)) >> np.uint32(6))


def _replacement(texts: bytes, at: int) -> str:
    end = texts.find(b"\0", at, at + MAX_REPLACEMENT_BYTES + 1)
    if end < 0:
        raise _TableError("has a replacement without an end")
    return texts[at:end].decode()


def _walked(units: Units) -> tuple[set[int], bool]:
    """Return the places of the replacements, and whether an ASCII character stands in a key after its first."""
    labels, offsets, count = _labels(units), _offsets(units), np.uint32(len(units))
    limit = (len(units) | 0xFF) + 1  # no child of a state from here on is inside
    new, seen = offsets[:1], np.zeros(limit, bool)
    places: set[int] = set()
    joins_ascii, first = False, True
    while len(new):
        found = []
        for start in range(0, len(new), _BLOCK):
            children = new[start : start + _BLOCK, None] ^ _LABELS  # (block, 255)
            children = children[(labels[np.where(children < count, children, 0)] == _LABELS) & (children < count)]
            joins_ascii = joins_ascii or (not first and bool((labels[children] < 0x80).any()))
            after = children ^ offsets[children]
            leaves = after[units[children] & np.uint32(1 << 8) != 0]
            if (leaves >= count).any():
                raise _TableError("leads outside its trie")
            places.update((units[leaves] & np.uint32(0x7FFFFFFF)).tolist())
            found.append(np.unique(after[after < limit]))
        new = np.unique(np.concatenate(found))
        new = new[~seen[new]]
        seen[new] = True
        first = False
    return places, joins_ascii
