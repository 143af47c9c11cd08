# SPDX-License-Identifier: Apache-2.0
"""Classes of characters and small letters, as Hugging Face's tokenizers library has them.

Python's own unicodedata is of another version in the terminal than in the page, and both are newer than the library's.
So every character's class, small letter and decomposition comes from one table, unicode_table.bin, which
scripts/measure_unicode.py makes by asking the library. The normal forms are in normal_forms.py.
"""

import json
import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any


TABLE = Path(__file__).with_name("unicode_table.bin")

SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
SPACES += "\u2028\u2029\u202f\u205f\u3000"
"""Unicode's White_Space. Python's own str.isspace has four control characters more."""


_BEYOND = re.compile("[\U00010000-\U0010ffff]")


class CharTable(dict[int, str]):
    """For str.translate: what is written for each character, asked once."""

    def __init__(self, written: Callable[[str], str]) -> None:
        super().__init__()
        self._written = written

    def __missing__(self, code: int) -> str:
        self[code] = found = self._written(chr(code))
        return found


class CharClass:
    """A set of characters.

    Parameters
    ----------
    steps : first, count, first, count ..., each first less the end of the range before.
    """

    def __init__(self, steps: list[int]) -> None:
        self._edges = list(accumulate(steps))  # where characters begin to be in it, where they end, and so on

    @classmethod
    def of(cls, chars: Iterable[str]) -> "CharClass":
        """Return the class of some characters."""
        steps, end = [0, 0], 0
        for code in sorted(map(ord, chars)):
            if code == end:
                steps[-1] += 1
            else:
                steps += code - end, 1
            end = code + 1
        return cls(steps)

    def __contains__(self, char: str) -> bool:
        return bisect_right(self._edges, ord(char)) % 2 == 1

    def __iter__(self) -> Iterator[str]:
        for first, end in zip(self._edges[::2], self._edges[1::2], strict=True):
            yield from map(chr, range(first, end))

    def ranges(self, below: int = 0x110000) -> str:
        """Return what stands between the brackets of a regular expression, for characters below a code point."""
        edges = zip(self._edges[::2], self._edges[1::2], strict=True)
        return "".join(f"\\U{first:08x}-\\U{end - 1:08x}" for first, end in edges if first < min(end, below))


class ClassPattern:
    """A regular expression with a class of characters in it.

    The re module looks for a character of the first 65,536 in a table, but for those beyond in one range after another,
    even when the text has none of them; so there are two expressions.

    Parameters
    ----------
    template : the expression, with {} for what stands between the brackets.
    """

    def __init__(self, template: str, chars: CharClass) -> None:
        self._all = re.compile(template.replace("{}", chars.ranges()))
        self._basic = re.compile(template.replace("{}", chars.ranges(0x10000)))

    def of(self, text: str) -> re.Pattern[str]:
        """Return the expression for a text."""
        return self._all if _BEYOND.search(text) else self._basic


@cache
def unicode_table() -> dict[str, Any]:
    """Return the table: "sets" and "classes" of characters as ranges, "lower", and what the normal forms need."""
    table: dict[str, Any] = json.loads(zlib.decompress(TABLE.read_bytes()))
    return table


@cache
def char_class(name: str) -> CharClass:
    """Return a set of the table, by its name there."""
    return CharClass(unicode_table()["sets"][name])


@cache
def _small() -> CharTable:
    small: dict[str, str] = unicode_table()["lower"]
    return CharTable(lambda char: small.get(char, char))


def lowercased(text: str) -> str:
    """Return small letters, letter by letter: unlike in str.lower, a sigma is the same at a word's end."""
    return text.lower() if text.isascii() else text.translate(_small())
