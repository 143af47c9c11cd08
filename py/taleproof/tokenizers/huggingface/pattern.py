# SPDX-License-Identifier: Apache-2.0
r"""Patterns of tokenizer.json: a text that is looked for, or a regular expression.

In comes a part's field "pattern"; out goes a text, or a compiled expression of the regex package. The library's own
expressions are Oniguruma's. Refused, by name: whatever means something else to the two, such as ``^``, ``\h``, ``\w``
or a name of a group, and expressions that are longer than any real one, counted with what they repeat a number of times
written out. One that takes for ever on a text is stopped (TokenizerLimitError).

The regex package has a newer Unicode than the library's Oniguruma, so a character that the library takes for none is
put before an expression as one that both take for none.
"""

import re
from functools import cache
from typing import Any

from taleproof.tokenizers.huggingface.budget import Budget
from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.unicode.characters import ClassPattern, char_class


MAX_EXPRESSION = 4096
"""Characters: the longest of a known family has some 400."""

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


_TOKEN = re.compile(
    rf"\[\^?{_CLASS_ITEM}+\]|\((?:\?(?:[:!=>]|<[!=]|i:))?|\{{[\d,]*\}}|{_PROPERTY}|\\x..|\\.|.", re.DOTALL
)

_NOTHING = "\u0378"
"""A character that no version of Unicode has."""


class Expression:
    """A regular expression of the file.

    Parameters
    ----------
    part : what messages call the part that it belongs to.
    compiled : of the regex package.
    """

    def __init__(self, part: str, compiled: Any) -> None:
        self._part = part
        self._compiled = compiled

    def spans(self, text: str, budget: Budget) -> list[tuple[int, int]]:
        """Return where each match begins and ends, in order.

        Raises
        ------
        TokenizerLimitError : the expression takes too long.
        """
        known = _as_the_library_has_it(text)
        return budget.timed(
            self._part,
            lambda seconds: [match.span() for match in self._compiled.finditer(known, timeout=seconds)],
        )

    def whole(self, text: str, budget: Budget) -> list[str] | None:
        """Return the matches, if together they are the whole text; None if they are not, or not known to be."""
        if self._compiled.groups or _as_the_library_has_it(text) is not text:
            return None
        found: list[str] = budget.timed(self._part, lambda seconds: self._compiled.findall(text, timeout=seconds))
        return found if sum(map(len, found)) == len(text) else None

    def replaced(self, text: str, content: str, budget: Budget) -> str:
        """Return a text with each match replaced.

        Raises
        ------
        TokenizerLimitError : the expression takes too long, or the text grows too long.
        """
        spans = self.spans(text, budget)
        budget.grow(self._part, sum(len(content) - (end - start) for start, end in spans))
        written: list[str] = []
        done = 0
        for start, end in spans:
            written += text[done:start], content
            done = end
        return "".join([*written, text[done:]])


@cache
def _stand_ins() -> tuple[ClassPattern, dict[int, str]]:
    """Return what finds the characters of which the library knows something else, and what stands in for each."""
    others = {ord(char): _NOTHING for char in char_class("unassigned")}
    others[0x295] = "\u0250"  # a small letter to the library, as another of the same alphabet is to both
    return ClassPattern("[{}\u0295]", char_class("unassigned")), others


def _as_the_library_has_it(text: str) -> str:
    if text.isascii():
        return text
    found, others = _stand_ins()
    return text.translate(others) if found.of(text).search(text) else text


def read_pattern(part: Part) -> "str | Expression":
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


def compiled(part: Part, expression: str) -> Expression:
    """Return a compiled expression, of which everything means the same to Oniguruma."""
    properties = re.findall(r"\\[pP]\{\^?(\w+)\}", expression)
    same = _KNOWN.fullmatch(expression) and _PROPERTIES.issuperset(properties) and not _AMBIGUOUS.search(expression)
    if len(expression) > MAX_EXPRESSION or not same:
        part.unknown(f"the expression {expression[:120]}")
    part.allowance.expressions -= written_out(expression)
    if part.allowance.expressions < 0:
        part.unknown(f"more or longer expressions than any real file has, {expression[:120]}")
    import regex

    try:
        return Expression(part.label, regex.compile(expression))
    except (regex.error, RecursionError, OverflowError):
        part.unknown(f"the expression {expression[:120]}")


def written_out(expression: str) -> int:
    """Return how long an expression is with what it repeats a number of times written as often."""
    lengths, last = [0], [0]  # of each group that is open: its length, and that of its last item
    for token in _TOKEN.findall(expression):
        if token.startswith("("):
            lengths.append(1)
            last.append(0)
        elif token == ")" and len(lengths) > 1:
            last.pop()
            last[-1] = lengths.pop() + 1
            lengths[-1] += last[-1]
        elif token.startswith("{") and len(token) > 1:
            times = max(int(number or 0) for number in token[1:-1].split(","))
            more = last[-1] * max(times - 1, 0)
            lengths[-1] += more
            last[-1] += more
        else:
            lengths[-1] += 1
            last[-1] = last[-1] if token in "*+?" else 1
    return lengths[0]
