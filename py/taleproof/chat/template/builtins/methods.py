# SPDX-License-Identifier: Apache-2.0
"""The methods that a template may call on text, mappings and lists, each charged before it makes anything.

Refused by name: every other method of Python's types.
"""

from collections.abc import Callable

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.formatting import format_braces
from taleproof.chat.template.letters import CASES, CLASSES, known
from taleproof.chat.template.operators import equal
from taleproof.chat.template.values import (
    Fields,
    Function,
    Items,
    Undefined,
    Value,
    as_integer,
    as_key,
    as_text,
    kind_of,
)


Method = Callable[..., Value]


def attribute(budget: Budget, value: Value, name: str) -> Value:
    """Return a method of a value, ready to be called; undefined if its kind has none of this name."""
    kind, table, refused = _methods_of(value)
    if name in table:
        method = table[name]

        def call(positional: list[Value], named: dict[str, Value]) -> Value:
            try:
                return method(budget, value, *positional, **named)
            except TypeError as error:
                raise TemplateRefusal(f"it calls the method {name} of {kind_of(value)} with other arguments") from error

        return Function("method", name, call)
    if name.startswith("__") or name in refused:
        raise TemplateRefusal(f"it asks {kind} for {name[:40]}, which templates may not use here")
    return Undefined(name)


def _methods_of(value: Value) -> tuple[str, dict[str, Method], frozenset[str]]:
    if isinstance(value, str):
        return "a text", _TEXT, _TEXT_REFUSED
    if isinstance(value, Fields):
        return "a mapping", _FIELDS, _FIELDS_REFUSED
    if isinstance(value, Items):
        return kind_of(value), _ITEMS if value.kind in ("list", "tuple") else {}, _ITEMS_REFUSED
    return kind_of(value), {}, _NUMBER_REFUSED if isinstance(value, int | float) else frozenset()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _cased(name: str) -> Method:
    change = CASES[name]

    def method(budget: Budget, text: str) -> str:
        budget.make_text(len(text) * 3)  # no letter becomes more than three
        return change(known(text))

    return method


def _judged(name: str) -> Method:
    judge = CLASSES[name]

    def method(budget: Budget, text: str) -> bool:
        budget.read_text(len(text))
        return judge(known(text))

    return method


def _stripped(strip: Callable[[str, str | None], str]) -> Method:
    def method(budget: Budget, text: str, chars: Value = None) -> str:
        wanted = None if chars is None else as_text(chars, "strip")
        budget.make_text(len(text))
        budget.search(text, wanted or "")  # every letter is looked for among all
        return strip(text, wanted)

    return method


def _searched(find: Callable[[str, str], int]) -> Method:
    def method(budget: Budget, text: str, wanted: Value) -> int:
        what = as_text(wanted, "a search")
        budget.search(text, what)
        try:
            return find(text, what)
        except ValueError:
            raise TemplateRefusal("it asks where a text is that is not there") from None

    return method


def _bounded(test: Callable[[str, str], bool]) -> Method:
    def method(budget: Budget, text: str, wanted: Value) -> bool:
        options = wanted.values if isinstance(wanted, Items) and wanted.kind == "tuple" else (wanted,)
        found = False
        for option in options:
            what = as_text(option, "startswith or endswith")
            budget.read_text(len(what))
            found = found or test(text, what)
        return found

    return method


def split(budget: Budget, text: str, sep: Value = None, maxsplit: Value = -1) -> Items:
    """Return a text cut at a separator, or at white space."""
    return _split(budget, text, sep, maxsplit, str.split)


def _rsplit(budget: Budget, text: str, sep: Value = None, maxsplit: Value = -1) -> Items:
    return _split(budget, text, sep, maxsplit, str.rsplit)


def _split(
    budget: Budget, text: str, sep: Value, maxsplit: Value, cut: Callable[[str, str | None, int], list[str]]
) -> Items:
    most = as_integer(maxsplit, "split")
    most = -1 if most < 0 else min(most, len(text))
    if sep is None:
        parts = len(text) // 2 + 1
        wanted = None
    else:
        wanted = as_text(sep, "split")
        if wanted == "":
            raise TemplateRefusal("it splits a text at nothing")
        budget.search(text, wanted)
        parts = text.count(wanted) + 1
    budget.make_text(len(text))
    budget.spend(min(parts, most + 1) if most >= 0 else parts)
    return Items(budget, cut(text, wanted, most))


def _splitlines(budget: Budget, text: str, keepends: Value = False) -> Items:
    budget.make_text(len(text))
    budget.spend(len(text) // 8)
    return Items(budget, text.splitlines(bool(keepends)))


def replace(budget: Budget, text: str, old: Value, new: Value, count: Value = -1) -> str:
    """Return a text with one part replaced by another, everywhere or a number of times from the left."""
    what, by = as_text(old, "replace"), as_text(new, "replace")
    most = as_integer(count, "replace")
    budget.search(text, what)
    times = text.count(what)
    if most >= 0:
        times = min(times, most)
    budget.make_text(len(text) + times * max(len(by) - len(what), 0))
    budget.spend(times)
    return text.replace(what, by, times)


def _join(budget: Budget, text: str, values: Value) -> str:
    if not isinstance(values, Items):
        raise TemplateRefusal(f"it joins {kind_of(values)}")
    return join(budget, text, [as_text(value, "join") for value in values.values])


def join(budget: Budget, between: str, parts: list[str]) -> str:
    """Return texts with another between them."""
    budget.spend(len(parts))
    budget.make_text(sum(map(len, parts)) + len(between) * max(len(parts) - 1, 0))
    return between.join(parts)


def _without(cut: Callable[[str, str], str]) -> Method:
    def method(budget: Budget, text: str, affix: Value) -> str:
        budget.make_text(len(text))
        return cut(text, as_text(affix, "removeprefix or removesuffix"))

    return method


def _partitioned(cut: Callable[[str, str], tuple[str, str, str]]) -> Method:
    def method(budget: Budget, text: str, sep: Value) -> Items:
        wanted = as_text(sep, "partition")
        if wanted == "":
            raise TemplateRefusal("it splits a text at nothing")
        budget.search(text, wanted)
        budget.make_text(len(text))
        return Items(budget, cut(text, wanted), "tuple")

    return method


def _format(budget: Budget, text: str, *positional: Value, **named: Value) -> str:
    return format_braces(budget, text, list(positional), named)


def _padded(pad: Callable[[str, int, str], str]) -> Method:
    def method(budget: Budget, text: str, width: Value, fill: Value = " ") -> str:
        return _pad(budget, text, width, fill, pad)

    return method


def _pad(budget: Budget, text: str, width: Value, fill: Value, pad: Callable[[str, int, str], str]) -> str:
    columns, letter = as_integer(width, "padding"), as_text(fill, "padding")
    if len(letter) != 1:
        raise TemplateRefusal("it pads a text with other than one letter")
    budget.make_text(max(columns, len(text)))
    return pad(text, columns, letter)


def _zfill(budget: Budget, text: str, width: Value) -> str:
    columns = as_integer(width, "padding")
    budget.make_text(max(columns, len(text)))
    return text.zfill(columns)


_TEXT: dict[str, Method] = {
    **{name: _cased(name) for name in CASES},
    **{name: _judged(name) for name in CLASSES},
    "strip": _stripped(str.strip),
    "lstrip": _stripped(str.lstrip),
    "rstrip": _stripped(str.rstrip),
    "find": _searched(str.find),
    "rfind": _searched(str.rfind),
    "index": _searched(str.index),
    "rindex": _searched(str.rindex),
    "count": _searched(str.count),
    "startswith": _bounded(str.startswith),
    "endswith": _bounded(str.endswith),
    "split": split,
    "rsplit": _rsplit,
    "splitlines": _splitlines,
    "replace": replace,
    "join": _join,
    "removeprefix": _without(str.removeprefix),
    "removesuffix": _without(str.removesuffix),
    "partition": _partitioned(str.partition),
    "rpartition": _partitioned(str.rpartition),
    "format": _format,
    "center": _padded(str.center),
    "ljust": _padded(str.ljust),
    "rjust": _padded(str.rjust),
    "zfill": _zfill,
}
_TEXT_REFUSED = _names(
    "casefold encode expandtabs format_map isdecimal isidentifier isnumeric isprintable istitle maketrans translate"
)


def _view(budget: Budget, values: list[Value]) -> Items:
    budget.spend(len(values))
    return Items(budget, values, "view")


def items_of(budget: Budget, fields: Fields) -> Items:
    """Return a mapping's keys with their values, in pairs."""
    return _view(budget, [Items(budget, pair, "tuple") for pair in fields.entries.items()])


def _get(budget: Budget, fields: Fields, key: Value, default: Value = None) -> Value:
    return fields.entries.get(as_key(key), default)


_FIELDS: dict[str, Method] = {
    "get": _get,
    "items": items_of,
    "keys": lambda budget, fields: _view(budget, list(fields.entries)),
    "values": lambda budget, fields: _view(budget, list(fields.entries.values())),
    "copy": lambda budget, fields: Fields(budget, fields.entries),
}
_FIELDS_REFUSED = _names("clear fromkeys pop popitem setdefault update")


def _count(budget: Budget, items: Items, value: Value) -> int:
    return sum(equal(budget, item, value) for item in items.values)


def _index(budget: Budget, items: Items, value: Value) -> int:
    for index, item in enumerate(items.values):
        if equal(budget, item, value):
            return index
    raise TemplateRefusal("it asks where a value is that is not there")


_ITEMS: dict[str, Method] = {"count": _count, "index": _index}
_ITEMS_REFUSED = _names("append clear copy extend insert pop remove reverse sort isdisjoint mapping start step stop")
_NUMBER_REFUSED = _names(
    "as_integer_ratio bit_count bit_length conjugate denominator from_bytes fromhex hex imag is_integer numerator "
    "real to_bytes"
)
