# SPDX-License-Identifier: Apache-2.0
"""Jinja's tests (``x is defined``) that a template may use. Refused by name: every other."""

from collections.abc import Callable

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.letters import known
from taleproof.chat.template.operators import COMPARISONS
from taleproof.chat.template.values import Fields, Function, Items, Stream, Undefined, Value, as_integer, as_text


Test = Callable[..., bool]


def is_sequence(value: Value) -> bool:
    """Say whether a value has a length and can be asked for its elements by number or key."""
    return isinstance(value, str | Fields | Undefined) or (isinstance(value, Items) and value.kind != "view")


def _divisible(budget: Budget, value: Value, by: Value) -> bool:
    divisor = as_integer(by, "divisibleby")
    if divisor == 0:
        raise TemplateRefusal("it divides by zero")
    return as_integer(value, "divisibleby") % divisor == 0


def _same(budget: Budget, value: Value, other: Value) -> bool:
    for one in (value, other):
        if one is not None and not isinstance(one, bool):
            raise TemplateRefusal(
                "it asks whether a value is the very same object; only none, true and false can be told so"
            )
    return value is other


def _of_text(test: Callable[[str], bool]) -> Test:
    def judge(budget: Budget, value: Value) -> bool:
        text = as_text(value, "lower or upper")
        budget.read_text(len(text))
        return test(known(text))

    return judge


def _kind(test: Callable[[Value], bool]) -> Test:
    return lambda _, value: test(value)


_COMPARED = {
    "eq": "eq equalto ==", "ne": "ne !=", "lt": "lt lessthan <", "gt": "gt greaterthan >",
    "lteq": "le <=", "gteq": "ge >=", "in": "in",
}  # fmt: skip

TESTS: dict[str, Test] = {
    **{name: COMPARISONS[operator] for operator, names in _COMPARED.items() for name in names.split()},
    "boolean": _kind(lambda value: isinstance(value, bool)),
    "callable": _kind(lambda value: isinstance(value, Function)),
    "defined": _kind(lambda value: not isinstance(value, Undefined)),
    "divisibleby": _divisible,
    "even": lambda _, value: as_integer(value, "even") % 2 == 0,
    "false": _kind(lambda value: value is False),
    "float": _kind(lambda value: isinstance(value, float)),
    "integer": _kind(lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "iterable": _kind(lambda value: isinstance(value, str | Items | Fields | Stream | Undefined)),
    "lower": _of_text(str.islower),
    "mapping": _kind(lambda value: isinstance(value, Fields)),
    "none": _kind(lambda value: value is None),
    "number": _kind(lambda value: isinstance(value, int | float)),
    "odd": lambda _, value: as_integer(value, "odd") % 2 == 1,
    "sameas": _same,
    "sequence": _kind(is_sequence),
    "string": _kind(lambda value: isinstance(value, str)),
    "true": _kind(lambda value: value is True),
    "undefined": _kind(lambda value: isinstance(value, Undefined)),
    "upper": _of_text(str.isupper),
}


def run_test(budget: Budget, name: str, value: Value, arguments: list[Value]) -> bool:
    """Say whether a value passes a test."""
    if name not in TESTS:
        raise TemplateRefusal(f"it uses the test {name[:40]!r}, which is not known here")
    budget.spend()
    try:
        return TESTS[name](budget, value, *arguments)
    except TypeError as error:
        raise TemplateRefusal(f"it calls the test {name!r} with other arguments") from error
