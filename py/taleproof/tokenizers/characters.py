"""Classes of characters as Hugging Face's library has them, for the parts that cut and clean text by them.

In come characters, out go tables for str.translate and classes for the regex package.
"""

import unicodedata
from collections.abc import Callable


SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
SPACES += "\u2028\u2029\u202f\u205f\u3000"
"""Unicode's White_Space. Python's own str.isspace has four control characters more."""

PUNCTUATION = r"!-/:-@\[-`{-~\p{P}"
"""For a class of the regex package: Unicode's, and all signs of ASCII."""

WORD = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}"
"""What a word is made of, likewise."""


class CharTable(dict[int, str]):
    """For str.translate: what is written for each character, asked once."""

    def __init__(self, written: Callable[[str], str]) -> None:
        super().__init__()
        self._written = written

    def __missing__(self, code: int) -> str:
        self[code] = found = self._written(chr(code))
        return found


def lowercased(text: str) -> str:
    """Return small letters, letter by letter: at a word's end str.lower would write another sigma."""
    return "".join(map(str.lower, text)) if "Σ" in text else text.lower()


def without(*categories: str) -> CharTable:
    """Return a table that leaves out characters of some categories."""
    return CharTable(lambda char: "" if unicodedata.category(char) in categories else char)
