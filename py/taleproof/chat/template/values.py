# SPDX-License-Identifier: Apache-2.0
"""The values that a template may handle, each with its size and its depth.

Data are text, numbers, booleans, none, lists, tuples and mappings of these. Everything else, such as a function, exists
only to be used: it is refused where it would be printed, joined or compared. Lists and mappings never change, so
that none contains itself, and each knows how deep it is and how much it holds from the moment it is made.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from taleproof.chat.template.budget import Budget, TemplateRefusal


MAX_VALUE_DEPTH = 32
MAX_VALUE_SIZE = 100_000
"""Values in a value, counted as often as they occur."""

MAX_INTEGER = 1 << 63
"""Larger ones have no use in a prompt, and arithmetic on them takes its time."""

Value = object
"""Any of the kinds below; what it is decides what may be done with it."""

Scalar = str | int | float | bool | None

ItemsKind = Literal["list", "tuple", "range", "view"]


class Items:
    """A list or tuple; also what range() and a mapping's items() give, which can be gone through, but not printed."""

    __slots__ = ("depth", "kind", "size", "values")

    def __init__(self, budget: Budget, values: Iterable[Value], kind: ItemsKind = "list") -> None:
        self.values = tuple(values)
        self.kind = kind
        self.size, self.depth = _measure(budget, self.values)


class Fields:
    """A mapping. Its keys are scalars."""

    __slots__ = ("depth", "entries", "size")

    def __init__(self, budget: Budget, entries: Mapping[str, Value] | Mapping[Scalar, Value]) -> None:
        self.entries: dict[Scalar, Value] = dict(entries.items())
        self.size, self.depth = _measure(budget, self.entries.values())


class Stream:
    """What filters such as ``map`` give: it can be gone through once."""

    __slots__ = ("depth", "left", "size")

    def __init__(self, items: Items) -> None:
        self.left: Iterator[Value] = iter(items.values)
        self.size, self.depth = items.size, items.depth


@dataclass(frozen=True)
class Undefined:
    """The value of a name that has none: it prints as nothing."""

    name: str


@dataclass(eq=False)
class Namespace:
    """The one thing that a template can change."""

    values: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Function:
    """Something to call, with positional and named arguments; its kind is for messages."""

    kind: str
    name: str
    call: Callable[[list[Value], dict[str, Value]], Value]


def _measure(budget: Budget, values: Iterable[Value]) -> tuple[int, int]:
    size, depth = 1, 0
    count = 0
    for value in values:
        count += 1
        if isinstance(value, Items | Fields | Stream):
            size += value.size
            depth = max(depth, value.depth)
        else:
            size += 1
            if not is_scalar(value) and not isinstance(value, Undefined):
                # A namespace in a list could hold the list: then neither would have a depth.
                raise TemplateRefusal(f"it puts {kind_of(value)} into a list or mapping")
    budget.spend(count)
    if size > MAX_VALUE_SIZE:
        raise TemplateRefusal(f"it makes a value of more than {MAX_VALUE_SIZE:,} parts")
    if depth >= MAX_VALUE_DEPTH:
        raise TemplateRefusal(f"it nests lists or mappings more than {MAX_VALUE_DEPTH} deep")
    return size, depth + 1


def is_scalar(value: Value) -> bool:
    """Say whether it is text, a number, a boolean or none."""
    return value is None or isinstance(value, str | int | float)


def kind_of(value: Value) -> str:
    """Return what to call a value in a message."""
    if isinstance(value, Items):
        return {"list": "a list", "tuple": "a tuple", "range": "a range", "view": "a view of a mapping"}[value.kind]
    if isinstance(value, Function):
        return f"the {value.kind} {value.name}"
    if isinstance(value, Undefined):
        return f"{value.name}, which is undefined"
    if value is None:
        return "none"
    names: tuple[tuple[type, str], ...] = (
        (str, "a text"),
        (bool, "a boolean"),
        (int, "an integer"),
        (float, "a decimal number"),
        (Fields, "a mapping"),
        (Stream, "a generator"),
        (Namespace, "a namespace"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "a loop")


def from_python(budget: Budget, value: object) -> Value:
    """Return Python's data as a template's: text, numbers, none, and lists and dictionaries of these."""
    if isinstance(value, list | tuple):
        kind: ItemsKind = "tuple" if isinstance(value, tuple) else "list"
        return Items(budget, [from_python(budget, item) for item in value], kind)
    if isinstance(value, Mapping):
        return Fields(budget, {str(key): from_python(budget, item) for key, item in value.items()})
    assert is_scalar(value)
    return value


def integer(value: int) -> int:
    """Return an integer that was computed, unless it has too many digits."""
    if not -MAX_INTEGER <= value < MAX_INTEGER:
        raise TemplateRefusal("it makes a number of too many digits")
    return value


def as_text(value: Value, what: str) -> str:
    """Return a value that has to be text."""
    if isinstance(value, str):
        return value
    raise TemplateRefusal(f"{what} wants a text, not {kind_of(value)}")


def as_integer(value: Value, what: str) -> int:
    """Return a value that has to be an integer."""
    if isinstance(value, int):
        return int(value)
    raise TemplateRefusal(f"{what} wants an integer, not {kind_of(value)}")


def as_key(value: Value) -> Scalar:
    """Return a value that has to serve as a mapping's key."""
    if value is None or isinstance(value, str | int | float):
        return value
    raise TemplateRefusal(f"it uses {kind_of(value)} as a key")


def truth(value: Value) -> bool:
    """Return whether a condition holds for a value, as Python has it."""
    if isinstance(value, Items):
        return bool(value.values)
    if isinstance(value, Fields):
        return bool(value.entries)
    if isinstance(value, Undefined):
        return False
    return bool(value) if is_scalar(value) else True


def iterate(budget: Budget, value: Value) -> Iterator[Value]:
    """Return what a loop over a value goes through; every step is charged as it is taken."""
    found: Iterable[Value]
    if isinstance(value, Items):
        found = value.values
    elif isinstance(value, Fields):
        found = value.entries
    elif isinstance(value, Stream):
        found = value.left
    elif isinstance(value, str):
        found = value
    elif isinstance(value, Undefined):
        found = ()
    else:
        raise TemplateRefusal(f"it goes through {kind_of(value)}, which has no elements")
    return _charged(budget, found)


def _charged(budget: Budget, found: Iterable[Value]) -> Iterator[Value]:
    for value in found:
        budget.spend()
        yield value


def length(value: Value) -> int:
    """Return how many elements a value has."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Items):
        return len(value.values)
    if isinstance(value, Fields):
        return len(value.entries)
    if isinstance(value, Undefined):
        return 0
    raise TemplateRefusal(f"it asks for the length of {kind_of(value)}")
