r"""Patterns of tokenizer.json: a text that is looked for, or a regular expression.

In comes a part's field "pattern"; out goes a text, or a compiled expression of the regex package. The library's own
expressions are Oniguruma's. Refused, by name: whatever means something else to the two, such as ``^``, ``\h``, ``\w``
or a name of a group, and expressions that are longer than any real one. One that takes for ever is stopped
(UnknownTokenizerPartError).
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ...errors import UnknownTokenizerPartError
from .part import Part


T = TypeVar("T")

MAX_EXPRESSION = 4096
"""Characters: the longest of a known family has some 400."""

MAX_SECONDS = 0.8
"""The known expressions need a hundredth of a second for 100 KB, a tenth in a browser."""

_PROPERTY = r"\\[pP]\{\^?[A-Za-z_]+\}"
_CLASS_ITEM = rf"(?:\\[rntfsSdD]|\\x[0-9A-Fa-f]{{2}}|\\[^A-Za-z0-9]|{_PROPERTY}|&(?!&)|[^\\\[\]&])"
_KNOWN = re.compile(
    rf"(?:\[\^?{_CLASS_ITEM}+\]|\((?:\?(?:[:!=>]|<[!=]|i:)|(?!\?))|\)|\||\{{\d{{0,3}}(?:,\d{{0,3}})?\}}|[*+?.]"
    rf"|\\[rntfsSdD]|\\x[0-9A-Fa-f]{{2}}|\\[^A-Za-z0-9]|{_PROPERTY}|[^\\\[\]{{}}^$*+?.()|])*"
)
"""What means the same to both: classes, groups, how often, alternatives, the usual escapes, plain characters."""

_AMBIGUOUS = re.compile(r"\{[\d,]*\}[+?]")
"""A number of times, and more after it: Oniguruma reads on where others see a manner of matching."""

_CATEGORIES = {"L": "ultmo", "M": "nce", "N": "dlo", "P": "cdseifo", "S": "mcko", "Z": "slp", "C": "cfo"}
_SCRIPTS = ("Han", "Hiragana", "Katakana", "Hangul", "Thai", "Latin", "Greek", "Cyrillic", "Arabic", "Hebrew")
_PROPERTIES = frozenset(
    (*_CATEGORIES, *(first + second for first in _CATEGORIES for second in _CATEGORIES[first]), *_SCRIPTS, "Alphabetic")
)


def read_pattern(part: Part) -> Any:
    """Return the text that is looked for, or the expression.

    Raises
    ------
    FormatError : it is neither.
    UnknownTokenizerPartError : an expression that means something else here, or that might.
    """
    said = part.part("pattern")
    said.only("String", "Regex")
    if "String" in said:
        text = said.text("String")
        if not text:
            raise said.fail("String", text, "a text that is looked for has at least one character")
        return text
    return compiled(part, said.text("Regex"))


def compiled(part: Part, expression: str) -> Any:
    """Return a compiled expression, of which everything means the same to Oniguruma."""
    properties = re.findall(r"\\[pP]\{\^?(\w+)\}", expression)
    same = _KNOWN.fullmatch(expression) and _PROPERTIES.issuperset(properties) and not _AMBIGUOUS.search(expression)
    if len(expression) > MAX_EXPRESSION or not same:
        part.unknown(f"the expression {expression[:120]}")
    import regex

    try:
        return regex.compile(expression)
    except (regex.error, RecursionError, OverflowError):
        part.unknown(f"the expression {expression[:120]}")


def timed(work: Callable[[str, float], T]) -> Callable[[str], T]:
    """Return the work, given its limit of time, past which a text is refused."""

    def limited(text: str) -> T:
        try:
            return work(text, MAX_SECONDS)
        except TimeoutError:
            raise UnknownTokenizerPartError(
                "tokenizer.json", "an expression that takes too long on this text"
            ) from None

    return limited
