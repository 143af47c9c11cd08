# SPDX-License-Identifier: Apache-2.0
"""Operators of templates: arithmetic, comparison and membership, as Python has them, on data only."""

import math
from collections.abc import Callable
from typing import Literal

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.formatting import format_percent
from taleproof.chat.template.values import (
    Fields,
    Items,
    Stream,
    Undefined,
    Value,
    as_key,
    integer,
    is_scalar,
    iterate,
    kind_of,
)


Operator = Literal["+", "-", "*", "/", "//", "%", "**"]


def calculate(budget: Budget, operator: Operator, left: Value, right: Value) -> Value:
    """Return what an arithmetic operator makes of two values."""
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _numbers(operator, left, right)
    if operator == "+":
        if isinstance(left, str) and isinstance(right, str):
            budget.make_text(len(left) + len(right))
            return left + right
        if isinstance(left, Items) and isinstance(right, Items) and left.kind == right.kind in ("list", "tuple"):
            budget.spend(len(left.values) + len(right.values))
            return Items(budget, left.values + right.values, left.kind)
    if operator == "*":
        many, times = (left, right) if isinstance(right, int) else (right, left)
        if isinstance(times, int) and isinstance(many, str):
            budget.make_text(len(many) * max(times, 0))
            return many * times
        if isinstance(times, int) and isinstance(many, Items) and many.kind in ("list", "tuple"):
            budget.spend(len(many.values) * max(times, 0))
            return Items(budget, many.values * times, many.kind)
    if operator == "%" and isinstance(left, str):
        return format_percent(budget, left, right)
    raise TemplateRefusal(f"it uses {operator} between {kind_of(left)} and {kind_of(right)}")


def _numbers(operator: Operator, left: float, right: float) -> Value:
    if operator == "**":
        return _power(left, right)
    if operator in ("/", "//", "%") and right == 0:
        raise TemplateRefusal("it divides by zero")
    whole = isinstance(left, int) and isinstance(right, int)
    found: float
    if operator == "+":
        found = left + right
    elif operator == "-":
        found = left - right
    elif operator == "*":
        found = left * right
    elif operator == "/":
        return left / right
    elif operator == "//":
        found = left // right
    else:
        found = left % right
    return integer(int(found)) if whole else found


def _power(base: float, exponent: float) -> Value:
    """Return a power of integers; the others are computed by the platform's own library, differently on each."""
    if not isinstance(base, int) or not isinstance(exponent, int) or exponent < 0:
        raise TemplateRefusal("it takes a power of numbers that are not whole, which machines compute differently")
    if abs(base) > 1 and exponent > 63:
        raise TemplateRefusal("it makes a number of too many digits")
    return integer(base**exponent)


def negative(value: Value) -> Value:
    """Return the negative of a number."""
    if isinstance(value, float):
        return -value
    if isinstance(value, int):
        return integer(-value)
    raise TemplateRefusal(f"it negates {kind_of(value)}")


def positive(value: Value) -> Value:
    """Return a number as it is."""
    if isinstance(value, int | float):
        return +value
    raise TemplateRefusal(f"it puts + before {kind_of(value)}")


def equal(budget: Budget, left: Value, right: Value) -> bool:
    """Say whether two values are the same, as Python's == does."""
    budget.spend()
    for value in (left, right):
        _comparable(value)
    if isinstance(left, str) and isinstance(right, str):
        if len(left) == len(right):
            budget.read_text(len(left))
        return left == right
    if isinstance(left, Items) and isinstance(right, Items):
        return (
            left.kind == right.kind
            and len(left.values) == len(right.values)
            and all(equal(budget, a, b) for a, b in zip(left.values, right.values, strict=True))
        )
    if isinstance(left, Fields) and isinstance(right, Fields):
        return len(left.entries) == len(right.entries) and all(
            key in right.entries and equal(budget, item, right.entries[key]) for key, item in left.entries.items()
        )
    if isinstance(left, Undefined) or isinstance(right, Undefined):
        return isinstance(left, Undefined) and isinstance(right, Undefined)
    return is_scalar(left) and is_scalar(right) and left == right


def _comparable(value: Value) -> None:
    data = is_scalar(value) or isinstance(value, Fields | Undefined)
    if not data and not (isinstance(value, Items) and value.kind != "view"):
        raise TemplateRefusal(f"it compares {kind_of(value)}")


def less(budget: Budget, left: Value, right: Value) -> bool:
    """Say whether the first of two numbers or texts comes first."""
    budget.spend()
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left < right
    if isinstance(left, str) and isinstance(right, str):
        budget.read_text(min(len(left), len(right)))
        return left < right
    raise TemplateRefusal(f"it orders {kind_of(left)} and {kind_of(right)}")


def contains(budget: Budget, container: Value, value: Value) -> bool:
    """Say whether a value is in another."""
    if isinstance(container, str):
        if not isinstance(value, str):
            raise TemplateRefusal(f"it looks for {kind_of(value)} in a text")
        budget.search(container, value)
        return value in container
    if isinstance(container, Fields):
        return as_key(value) in container.entries
    if isinstance(container, Items | Stream | Undefined):
        return any(equal(budget, item, value) for item in iterate(budget, container))
    raise TemplateRefusal(f"it looks for something in {kind_of(container)}")


def _not_less(budget: Budget, left: Value, right: Value) -> bool:
    ordered = less(budget, left, right)
    return not ordered and not _not_a_number(left, right)


def _not_a_number(*values: Value) -> bool:
    return any(isinstance(value, float) and math.isnan(value) for value in values)


COMPARISONS: dict[str, Callable[[Budget, Value, Value], bool]] = {
    "eq": equal,
    "ne": lambda budget, left, right: not equal(budget, left, right),
    "lt": less,
    "gt": lambda budget, left, right: less(budget, right, left),
    "lteq": lambda budget, left, right: _not_less(budget, right, left),
    "gteq": _not_less,
    "in": lambda budget, left, right: contains(budget, right, left),
    "notin": lambda budget, left, right: not contains(budget, right, left),
}
