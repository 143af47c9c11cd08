# SPDX-License-Identifier: Apache-2.0
"""Formatting of values into text, by Python's two notations: ``'%s' % x`` and ``'{}'.format(x)``.

A subset in which every width is written in digits, so that the cost is known before anything is made. Refused: widths
given by an argument, more than three digits of width or two of precision, access to attributes, and codes that follow
the locale.
"""

import re
from collections.abc import Callable
from string import Formatter

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.texts import text_of
from taleproof.chat.template.values import Fields, Items, Value, kind_of


_PERCENT = re.compile(
    r"%(?:\((?P<key>[^()]*)\))?(?P<flags>[-+ 0#]*)(?P<width>[0-9]{0,3})(?P<precision>\.[0-9]{1,2})?(?P<code>.?)",
    re.DOTALL,
)
_PERCENT_CODES = frozenset("sdioxXeEfFgG")
_SPEC = re.compile(r"(?:.?[<>=^])?[-+ ]?#?0?(?P<width>[0-9]{0,3})[,_]?(?:\.[0-9]{1,2})?[bdeEfFgGosxX%]?", re.DOTALL)
_LONGEST_NUMBER = 512
"""Characters: 1e308 as %f with 99 places and a comma after every third digit."""


def format_percent(budget: Budget, text: str, given: Value) -> str:
    """Return what ``text % given`` makes."""
    arguments = list(given.values) if isinstance(given, Items) and given.kind == "tuple" else [given]
    arguments.reverse()  # the next one is last
    by_name = isinstance(given, Fields)

    def replace(match: re.Match[str]) -> str:
        budget.spend()
        if match[0] == "%%":
            return "%"
        code, key = match["code"], match["key"]
        if code not in _PERCENT_CODES:
            raise TemplateRefusal(f"it formats a value by {match[0][:20]!r}, which is not known here")
        if key is not None:
            value = _named(given, key)
        elif arguments:
            value = arguments.pop()
        else:
            raise TemplateRefusal("it formats more values than it gives")
        operand = text_of(budget, value) if code == "s" else _number(value)
        budget.make_text(int(match["width"] or 0) + (len(operand) if isinstance(operand, str) else _LONGEST_NUMBER))
        spec = f"%{match['flags'][:8]}{match['width']}{match['precision'] or ''}{code}"
        return _formatted(lambda: spec % operand)

    budget.make_text(len(text))
    formatted = _PERCENT.sub(replace, text)
    if arguments and not by_name:
        raise TemplateRefusal("it formats fewer values than it gives")
    return formatted


def format_braces(budget: Budget, text: str, positional: list[Value], named: dict[str, Value]) -> str:
    """Return what ``text.format(*positional, **named)`` makes."""
    budget.make_text(len(text))
    parts: list[str] = []
    automatic = 0
    try:
        for literal, name, spec, conversion in Formatter().parse(text):
            budget.spend()
            parts.append(literal)
            if name is None:
                continue
            if name == "":
                name, automatic = str(automatic), automatic + 1
            if conversion not in (None, "s"):
                raise TemplateRefusal(f"it formats a value by !{conversion}, which is not known here")
            value = _argument(name, positional, named)
            parts.append(_braced(budget, text_of(budget, value) if conversion else value, spec or ""))
    except ValueError as error:
        raise TemplateRefusal("it formats a text whose braces do not match") from error
    budget.make_text(sum(map(len, parts)))
    return "".join(parts)


def _braced(budget: Budget, value: Value, spec: str) -> str:
    match = _SPEC.fullmatch(spec)
    if not match:
        raise TemplateRefusal(f"it formats a value by {spec[:20]!r}, which is not known here")
    if spec == "":
        return text_of(budget, value)
    if not isinstance(value, str | int | float):
        raise TemplateRefusal(f"it formats {kind_of(value)} by {spec[:20]!r}")
    budget.make_text(int(match["width"] or 0) + (len(value) if isinstance(value, str) else _LONGEST_NUMBER))
    return _formatted(lambda: format(value, spec))


def _formatted(make: Callable[[], str]) -> str:
    try:
        return make()
    except (ValueError, TypeError, OverflowError) as error:  # their words differ between versions of Python
        raise TemplateRefusal("it formats a value in a way that its kind does not have") from error


def _number(value: Value) -> float:
    if isinstance(value, int | float):
        return value
    raise TemplateRefusal(f"it formats {kind_of(value)} as a number")


def _named(given: Value, key: str) -> Value:
    if isinstance(given, Fields) and key in given.entries:
        return given.entries[key]
    raise TemplateRefusal(f"it formats {key[:40]!r}, which it does not give")


def _argument(name: str, positional: list[Value], named: dict[str, Value]) -> Value:
    if name in named:
        return named[name]
    digits = name.isascii() and name.isdigit()
    if digits and len(name) < 4 and int(name) < len(positional):
        return positional[int(name)]
    if not digits and not name.replace("_", "a").isalnum():
        raise TemplateRefusal(f"it formats {name[:40]!r}, which reaches into a value")
    raise TemplateRefusal(f"it formats {name[:40]!r}, which it does not give")
