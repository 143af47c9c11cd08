# SPDX-License-Identifier: Apache-2.0
"""Jinja's filters on lists and mappings: choosing, sorting, joining and adding up their elements."""

from collections.abc import Callable, Iterable
from functools import cmp_to_key

from taleproof.chat.template.access import get_item
from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.builtins.methods import join
from taleproof.chat.template.builtins.tests import run_test
from taleproof.chat.template.letters import known
from taleproof.chat.template.operators import calculate, less
from taleproof.chat.template.texts import text_of
from taleproof.chat.template.values import (
    Fields,
    Items,
    Scalar,
    Stream,
    Undefined,
    Value,
    as_integer,
    as_key,
    as_text,
    iterate,
    kind_of,
    truth,
)


def attribute_getter(budget: Budget, attribute: Value, default: Value = None) -> Callable[[Value], Value]:
    """Return what finds an attribute of an element: "name", "name.inner" or a number; None for the element itself."""
    parts: list[Value] = [attribute]
    if isinstance(attribute, str):
        budget.make_text(len(attribute))
        budget.spend(attribute.count("."))
        parts = [
            int(part) if part.isascii() and part.isdigit() and len(part) < 8 else part for part in attribute.split(".")
        ]
    elif attribute is None:
        parts = []

    def get(element: Value) -> Value:
        for part in parts:
            element = get_item(budget, element, part)
            if default is not None and isinstance(element, Undefined):
                element = default
        return element

    return get


def _list(budget: Budget, value: Value) -> Items:
    return Items(budget, iterate(budget, value))


def _first(budget: Budget, value: Value) -> Value:
    return next(iterate(budget, value), Undefined("the first element"))


def _last(budget: Budget, value: Value) -> Value:
    if isinstance(value, str | Items):
        elements = value if isinstance(value, str) else value.values
        return elements[-1] if elements else Undefined("the last element")
    if isinstance(value, Fields):
        return next(reversed(value.entries), Undefined("the last element"))
    raise TemplateRefusal(f"it asks for the last element of {kind_of(value)}")


def _join(budget: Budget, value: Value, d: Value = "", attribute: Value = None) -> str:
    get = attribute_getter(budget, attribute)
    return join(budget, text_of(budget, d), [text_of(budget, get(element)) for element in iterate(budget, value)])


def _chooser(*, by_attribute: bool, wanted: bool) -> Callable[..., Value]:
    def choose(budget: Budget, value: Value, *arguments: Value) -> Stream:
        rest = list(arguments)
        if by_attribute and not rest:
            raise TemplateRefusal("it chooses elements by an attribute without saying which")
        get = attribute_getter(budget, rest.pop(0) if by_attribute else None)
        test = as_text(rest.pop(0), "a choice of elements") if rest else None

        def passes(element: Value) -> bool:
            found = get(element)
            return truth(found) if test is None else run_test(budget, test, found, rest)

        return Stream(Items(budget, [element for element in iterate(budget, value) if passes(element) is wanted]))

    return choose


def _folded(budget: Budget, value: Value, *, case_sensitive: bool) -> Value:
    if not isinstance(value, str) or case_sensitive:
        return value
    budget.make_text(len(value) * 3)
    return known(value).lower()


def _ordered(
    budget: Budget, elements: Iterable[Value], keys: Callable[[Value], list[Value]], *, backwards: bool
) -> list[Value]:
    """Return elements in the order of their keys; every comparison is charged as it is made."""

    def compare(left: tuple[list[Value], Value], right: tuple[list[Value], Value]) -> int:
        for a, b in zip(left[0], right[0], strict=True):
            if less(budget, a, b):
                return -1
            if less(budget, b, a):
                return 1
        return 0

    pairs = [(keys(element), element) for element in elements]
    return [element for _, element in sorted(pairs, key=cmp_to_key(compare), reverse=backwards)]


def _sort(
    budget: Budget, value: Value, reverse: Value = False, case_sensitive: Value = False, attribute: Value = None
) -> Items:
    names = attribute.split(",") if isinstance(attribute, str) else [attribute]
    budget.spend(len(names))
    getters = [attribute_getter(budget, name) for name in names]

    def keys(element: Value) -> list[Value]:
        return [_folded(budget, get(element), case_sensitive=truth(case_sensitive)) for get in getters]

    return Items(budget, _ordered(budget, iterate(budget, value), keys, backwards=truth(reverse)))


def _dictsort(
    budget: Budget, value: Value, case_sensitive: Value = False, by: Value = "key", reverse: Value = False
) -> Items:
    if not isinstance(value, Fields) or by not in ("key", "value"):
        raise TemplateRefusal("it sorts other than a mapping by its keys or values")
    place = 0 if by == "key" else 1
    pairs: list[Value] = [Items(budget, pair, "tuple") for pair in value.entries.items()]

    def keys(pair: Value) -> list[Value]:
        assert isinstance(pair, Items)
        return [_folded(budget, pair.values[place], case_sensitive=truth(case_sensitive))]

    return Items(budget, _ordered(budget, pairs, keys, backwards=truth(reverse)))


def _unique(budget: Budget, value: Value, case_sensitive: Value = False, attribute: Value = None) -> Stream:
    get = attribute_getter(budget, attribute)
    seen: set[Scalar] = set()
    found: list[Value] = []
    for element in iterate(budget, value):
        key = as_key(_folded(budget, get(element), case_sensitive=truth(case_sensitive)))
        if key not in seen:
            seen.add(key)
            found.append(element)
    return Stream(Items(budget, found))


def _extreme(*, largest: bool) -> Callable[..., Value]:
    def find(budget: Budget, value: Value, case_sensitive: Value = False, attribute: Value = None) -> Value:
        get = attribute_getter(budget, attribute)
        best: Value = Undefined("the largest or smallest of no elements")
        best_key: Value = None
        for element in iterate(budget, value):
            key = _folded(budget, get(element), case_sensitive=truth(case_sensitive))
            first = isinstance(best, Undefined)
            if first or (less(budget, best_key, key) if largest else less(budget, key, best_key)):
                best, best_key = element, key
        return best

    return find


def _sum(budget: Budget, value: Value, attribute: Value = None, start: Value = 0) -> Value:
    get = attribute_getter(budget, attribute)
    if isinstance(start, str):
        raise TemplateRefusal("it adds up texts")
    total = start
    for element in iterate(budget, value):
        total = calculate(budget, "+", total, get(element))
    return total


def _batch(budget: Budget, value: Value, linecount: Value, fill_with: Value = None) -> Stream:
    size = as_integer(linecount, "batch")
    if size < 1:
        raise TemplateRefusal("it makes batches of nothing")
    elements = list(iterate(budget, value))
    rows = [elements[begin : begin + size] for begin in range(0, len(elements), size)]
    if rows and fill_with is not None:
        budget.spend(size - len(rows[-1]))
        rows[-1] += [fill_with] * (size - len(rows[-1]))
    return Stream(Items(budget, [Items(budget, row) for row in rows]))


LIST_FILTERS: dict[str, Callable[..., Value]] = {
    "batch": _batch,
    "dictsort": _dictsort,
    "first": _first,
    "join": _join,
    "last": _last,
    "list": _list,
    "max": _extreme(largest=True),
    "min": _extreme(largest=False),
    "reject": _chooser(by_attribute=False, wanted=False),
    "rejectattr": _chooser(by_attribute=True, wanted=False),
    "select": _chooser(by_attribute=False, wanted=True),
    "selectattr": _chooser(by_attribute=True, wanted=True),
    "sort": _sort,
    "sum": _sum,
    "unique": _unique,
}
