# SPDX-License-Identifier: Apache-2.0
"""Jinja's filters (``x | trim``) that a template may use, each charged before it makes anything.

Refused by name: every other, among them what is random, what marks HTML, and what real chat templates have no use for.
"""

import math
from collections.abc import Callable

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.builtins.list_filters import LIST_FILTERS, attribute_getter
from taleproof.chat.template.builtins.methods import attribute, items_of, replace
from taleproof.chat.template.formatting import format_percent
from taleproof.chat.template.letters import known
from taleproof.chat.template.texts import Json, text_of
from taleproof.chat.template.values import (
    Fields,
    Items,
    Stream,
    Undefined,
    Value,
    as_integer,
    as_text,
    integer,
    iterate,
    kind_of,
    length,
    truth,
)


Filter = Callable[..., Value]

_LONGEST_NUMBER = 40  # characters: as many as a 64-bit integer or a float needs, with room


def _absolute(_: Budget, value: Value) -> Value:
    if not isinstance(value, int | float):
        raise TemplateRefusal(f"it takes the absolute value of {kind_of(value)}")
    return abs(value) if isinstance(value, float) else integer(abs(value))


def _default(_: Budget, value: Value, default_value: Value = "", boolean: Value = False) -> Value:
    return default_value if isinstance(value, Undefined) or (truth(boolean) and not truth(value)) else value


def _string(budget: Budget, value: Value) -> str:
    return text_of(budget, value)


def _cased(name: str) -> Filter:
    """Return the filter that turns a value into text and calls a method of it."""

    def apply(budget: Budget, value: Value) -> Value:
        method = attribute(budget, text_of(budget, value), name)
        assert not isinstance(method, Undefined)
        return method.call([], {})  # type: ignore[attr-defined]

    return apply


def _trim(budget: Budget, value: Value, chars: Value = None) -> str:
    text = text_of(budget, value)
    wanted = None if chars is None else as_text(chars, "trim")
    budget.make_text(len(text))
    budget.search(text, wanted or "")
    return text.strip(wanted)


def _title(budget: Budget, value: Value) -> str:
    text = known(text_of(budget, value))
    if not text.isascii():
        raise TemplateRefusal("it uses the filter 'title' on other than English letters")
    budget.make_text(len(text) * 3)
    budget.spend(len(text) // 8)
    words: list[str] = []
    begins = True
    for letter in text:  # Jinja begins words after white space, hyphens and opening brackets
        words.append(letter.upper() if begins else letter.lower())
        begins = letter.isspace() or letter in "-({[<"
    return "".join(words)


def _replace(budget: Budget, value: Value, old: Value, new: Value, count: Value = None) -> str:
    return replace(budget, text_of(budget, value), old, new, -1 if count is None else count)


def _indent(budget: Budget, value: Value, width: Value = 4, first: Value = False, blank: Value = False) -> str:
    text = as_text(value, "indent") + "\n"  # as Jinja does, which takes the last one off again
    budget.make_text(len(text))
    lines = text.count("\n") + 1
    budget.spend(lines)
    size = len(width) if isinstance(width, str) else max(as_integer(width, "indent"), 0)
    budget.make_text(lines * size + len(text))
    margin = width if isinstance(width, str) else " " * size
    if truth(blank):
        indented = ("\n" + margin).join(text.splitlines())
    else:
        rows = text.splitlines()
        indented = rows.pop(0)
        if rows:
            indented += "\n" + "\n".join(margin + row if row else row for row in rows)
    return margin + indented if truth(first) else indented


def _format(budget: Budget, value: Value, *positional: Value, **named: Value) -> str:
    text = text_of(budget, value)
    if positional and named:
        raise TemplateRefusal("it formats both by place and by name")
    return format_percent(budget, text, Fields(budget, named) if named else Items(budget, positional, "tuple"))


def _int(budget: Budget, value: Value, default: Value = 0, base: Value = 10) -> Value:
    if isinstance(value, str):
        text = _numeral(budget, value)
        radix = as_integer(base, "int")
        if not 2 <= radix <= 36:
            raise TemplateRefusal(f"it reads a number in base {radix}")
        try:
            return integer(int(text, radix))
        except ValueError:
            try:
                return integer(int(float(text)))
            except (ValueError, OverflowError):
                return default
    if isinstance(value, float) and not math.isfinite(value):
        return default
    return integer(int(value)) if isinstance(value, int | float) else default


def _float(budget: Budget, value: Value, default: Value = 0.0) -> Value:
    try:
        return float(_numeral(budget, value) if isinstance(value, str) else value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return default


def _numeral(budget: Budget, text: str) -> str:
    budget.read_text(len(text))
    if len(text.strip()) > _LONGEST_NUMBER or not text.isascii():
        raise TemplateRefusal("it reads a number in other than a few English digits")
    return text


def _round(_: Budget, value: Value, precision: Value = 0, method: Value = "common") -> Value:
    places = as_integer(precision, "round")
    if not isinstance(value, int | float) or not 0 <= places <= 15:
        raise TemplateRefusal("it rounds other than a number to 0 to 15 places")
    if isinstance(value, float) and not math.isfinite(value):
        raise TemplateRefusal("it rounds a number without end")
    if method == "common":
        return round(value, places)
    if method not in ("ceil", "floor"):
        raise TemplateRefusal("it rounds by a method that is not known here")
    scale = 10**places
    if not math.isfinite(float(value) * scale):
        raise TemplateRefusal("it rounds a number that is too large")
    return (math.ceil if method == "ceil" else math.floor)(value * scale) / scale


def _reverse(budget: Budget, value: Value) -> Value:
    if isinstance(value, str):
        budget.make_text(len(value))
        return value[::-1]
    if isinstance(value, Fields):
        return Stream(Items(budget, reversed(list(value.entries))))
    if isinstance(value, Items):
        budget.spend(len(value.values))
        return Stream(Items(budget, reversed(value.values)))
    raise TemplateRefusal(f"it reverses {kind_of(value)}")


def _items(budget: Budget, value: Value) -> Value:
    if isinstance(value, Undefined):
        return Stream(Items(budget, ()))
    if not isinstance(value, Fields):
        raise TemplateRefusal(f"it asks for the items of {kind_of(value)}")
    return Stream(items_of(budget, value))


def _tojson(
    budget: Budget,
    value: Value,
    ensure_ascii: Value = False,
    indent: Value = None,
    separators: Value = None,
    sort_keys: Value = False,
) -> str:
    margin: str | None = None
    if isinstance(indent, str):
        margin = indent
    elif indent is not None:
        width = max(as_integer(indent, "tojson"), 0)
        budget.make_text(width)
        margin = " " * width
    between = (", " if margin is None else ",", ": ")
    if isinstance(separators, Items) and len(separators.values) == 2:
        between = (as_text(separators.values[0], "tojson"), as_text(separators.values[1], "tojson"))
        budget.make_text(len(between[0]) + len(between[1]))
    elif separators is not None:
        raise TemplateRefusal("it writes JSON with separators that are not two texts")
    return Json(budget, margin, between, ascii_only=truth(ensure_ascii), sort=truth(sort_keys)).text(value)


def _wordcount(budget: Budget, value: Value) -> int:
    text = text_of(budget, value)
    if not text.isascii():
        raise TemplateRefusal("it counts the words of a text in other than English letters")
    budget.spend(len(text) // 2)
    return len("".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split())


def _attr(_: Budget, value: Value, name: Value) -> Value:
    raise TemplateRefusal(f"it asks {kind_of(value)} for an attribute by the filter 'attr'")


def _map(budget: Budget, value: Value, *positional: Value, **named: Value) -> Stream:
    if not positional and "attribute" in named:
        options = dict(named)
        change = attribute_getter(budget, options.pop("attribute"), options.pop("default", None))
        if options:
            raise TemplateRefusal("it calls the filter 'map' with other arguments")
    elif positional:
        name, *rest = positional

        def change(element: Value) -> Value:
            return run_filter(budget, as_text(name, "map"), element, rest, named)

    else:
        raise TemplateRefusal("it calls the filter 'map' without saying what to do")
    return Stream(Items(budget, [change(element) for element in iterate(budget, value)]))


FILTERS: dict[str, Filter] = {
    **LIST_FILTERS,
    **{name: _cased(name) for name in ("capitalize", "lower", "upper")},
    "abs": _absolute,
    "attr": _attr,
    "count": lambda _, value: length(value),
    "d": _default,
    "default": _default,
    "float": _float,
    "format": _format,
    "indent": _indent,
    "int": _int,
    "items": _items,
    "map": _map,
    "length": lambda _, value: length(value),
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "string": _string,
    "title": _title,
    "tojson": _tojson,
    "trim": _trim,
    "wordcount": _wordcount,
}


def run_filter(budget: Budget, name: str, value: Value, positional: list[Value], named: dict[str, Value]) -> Value:
    """Return what a filter makes of a value."""
    if name not in FILTERS:
        raise TemplateRefusal(f"it uses the filter {name[:40]!r}, which is not known here")
    budget.spend()
    try:
        return FILTERS[name](budget, value, *positional, **named)
    except TypeError as error:
        raise TemplateRefusal(f"it calls the filter {name!r} with other arguments") from error
