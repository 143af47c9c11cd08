# SPDX-License-Identifier: Apache-2.0
"""Normalizers: how a text is written before it is cut.

In comes the part "normalizer", out goes a function from text to text, which takes what it adds from a budget. All are
linear in the text's length, but for long runs of combining marks, which are sorted.
"""

import base64
import binascii
from collections.abc import Callable
from functools import partial

from taleproof.tokenizers.algorithms.wordpiece import bert_normal
from taleproof.tokenizers.huggingface.budget import Budget
from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.huggingface.pattern import read_pattern
from taleproof.tokenizers.unicode.characters import SPACES, CharTable, char_class, lowercased
from taleproof.tokenizers.unicode.charsmap import MAX_BYTES, read_charsmap
from taleproof.tokenizers.unicode.normal_forms import Form, normalized


Normalizer = Callable[[str, Budget], str]

MAX_GROWTH = 64
"""Characters that a part may put in the place of one: the rule of a hostile file could grow a text without end."""

_FORMS: dict[str, Form] = {"NFC": "NFC", "NFD": "NFD", "NFKC": "NFKC", "NFKD": "NFKD"}
_STRIP = {(True, True): str.strip, (True, False): str.lstrip, (False, True): str.rstrip}


def read_normalizer(part: Part | None) -> Normalizer | None:
    """Read the part; None leaves a text as it is.

    Raises
    ------
    FormatError, UnknownTokenizerPartError
    """
    steps = _steps(part, 0) if part is not None else []
    if not steps:
        return None
    if len(steps) == 1:
        return steps[0]
    return partial(_in_turn, steps)


def _steps(part: Part, depth: int) -> list[Normalizer]:
    if part.kind != "Sequence":
        return [_READERS[part.kind](part)] if part.kind in _READERS else part.unknown()
    part.only("normalizers")
    if depth:
        part.unknown("a sequence in a sequence")
    return [step for each in part.parts("normalizers") for step in _steps(each, depth + 1)]


def _in_turn(steps: list[Normalizer], text: str, budget: Budget) -> str:
    for step in steps:
        text = step(text, budget)
    return text


def _charged(part: Part, work: Callable[[str], str]) -> Normalizer:
    """Return the work, which makes a character no longer than a few, with what it adds taken from the budget."""
    label = part.label

    def charged(text: str, budget: Budget) -> str:
        written = work(text)
        budget.grow(label, len(written) - len(text))
        return written

    return charged


def _form(part: Part) -> Normalizer:
    part.only()
    return _charged(part, partial(normalized, part.choice("type", _FORMS)))


def _lowercase(part: Part) -> Normalizer:
    part.only()
    return _charged(part, lowercased)


def _strip_accents(part: Part) -> Normalizer:
    part.only()
    marks = char_class("mark")
    table = CharTable(lambda char: "" if char in marks else char)
    return lambda text, _: text if text.isascii() else text.translate(table)


def _strip(part: Part) -> Normalizer:
    part.only("strip_left", "strip_right")
    strip = _STRIP.get((part.flag("strip_left"), part.flag("strip_right")))
    return (lambda text, _: text) if strip is None else (lambda text, _: strip(text, SPACES))


def _prepend(part: Part) -> Normalizer:
    part.only("prepend")
    before = part.text("prepend")
    if len(before) > MAX_GROWTH:
        raise part.fail("prepend", before, f"at most {MAX_GROWTH} characters are put before a text")
    return _charged(part, lambda text: before + text if text else text)


def _replace(part: Part) -> Normalizer:
    part.only("pattern", "content")
    content = part.text("content")
    if len(content) > MAX_GROWTH:
        raise part.fail("content", content, f"at most {MAX_GROWTH} characters are put in the place of others")
    pattern = read_pattern(part)
    if not isinstance(pattern, str):
        return lambda text, budget: pattern.replaced(text, content, budget)
    label, more = part.label, len(content) - len(pattern)

    def replaced(text: str, budget: Budget) -> str:
        if more > 0:
            budget.grow(label, text.count(pattern) * more)
        return text.replace(pattern, content)

    return replaced


def _precompiled(part: Part) -> Normalizer:
    part.only("precompiled_charsmap")
    written = part.text("precompiled_charsmap", "")
    if len(written) > 2 * MAX_BYTES:
        raise part.fail("precompiled_charsmap", len(written), f"at most {MAX_BYTES:,} bytes are read")
    try:
        data = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise part.fail("precompiled_charsmap", None, "bytes in base64 are expected") from None
    if not data:
        return lambda text, _: text
    return _charged(part, read_charsmap(data, part.file, f"{part.path}.precompiled_charsmap").by_grapheme)


def _bert(part: Part) -> Normalizer:
    part.only("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
    lower = part.flag("lowercase", True)
    normal = bert_normal(
        clean=part.flag("clean_text", True),
        chinese_apart=part.flag("handle_chinese_chars", True),
        strip_accents=part.flag("strip_accents", lower),
        lowercase=lower,
    )
    return _charged(part, normal)


_READERS: dict[str, Callable[[Part], Normalizer]] = {
    **dict.fromkeys(_FORMS, _form),
    "BertNormalizer": _bert,
    "Lowercase": _lowercase,
    "Precompiled": _precompiled,
    "Prepend": _prepend,
    "Replace": _replace,
    "Strip": _strip,
    "StripAccents": _strip_accents,
}
