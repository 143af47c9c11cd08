# SPDX-License-Identifier: Apache-2.0
"""The names of a template and what they stand for, and the state of a loop that its body can ask for."""

from collections.abc import Callable, Iterator

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.operators import equal
from taleproof.chat.template.values import Function, Undefined, Value


class Scope:
    """Names inside one part of a template; what is not here is looked up in the part around it."""

    __slots__ = ("_around", "_values")

    def __init__(self, around: "Scope | None", values: dict[str, Value] | None = None) -> None:
        self._around = around
        self._values = {} if values is None else values

    def get(self, name: str) -> Value:
        """Return what a name stands for here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope._values:
                return scope._values[name]
            scope = scope._around
        return Undefined(name)

    def set(self, name: str, value: Value) -> None:
        """Let a name stand for a value, from here on and inside."""
        self._values[name] = value


class Loop:
    """What ``loop`` is in the body of a loop: how far it is, and what comes before and after.

    Elements are taken from ``elements`` one ahead only where the template asks for what comes next, as Jinja does it.
    """

    def __init__(
        self, budget: Budget, elements: Iterator[Value], depth: int, again: Callable[[Value, int], str] | None
    ) -> None:
        self._budget = budget
        self._elements = elements
        self._ahead: list[Value] = []
        self._depth = depth
        self._again = again
        self._index = -1
        self._before: Value = Undefined("the element before the first")
        self._current: Value = self._before
        self._changed: list[Value] | None = None

    def advance(self) -> bool:
        """Go to the next element; say whether there is one."""
        if not self._look_ahead():
            return False
        if self._index >= 0:
            self._before = self._current
        self._current = self._ahead.pop(0)
        self._index += 1
        return True

    @property
    def current(self) -> Value:
        """The present element."""
        return self._current

    def attribute(self, name: str) -> Value:
        """Return ``loop.name``."""
        if name in ("index", "index0"):
            return self._index + (name == "index")
        if name in ("length", "revindex", "revindex0"):
            self._ahead += self._elements
            length = self._index + 1 + len(self._ahead)
            return length if name == "length" else length - self._index - (name == "revindex0")
        if name == "first":
            return self._index == 0
        if name == "last":
            return not self._look_ahead()
        if name == "previtem":
            return self._before
        if name == "nextitem":
            return self._ahead[0] if self._look_ahead() else Undefined("the element after the last")
        if name in ("depth", "depth0"):
            return self._depth + (name == "depth")
        if name == "cycle":
            return Function("method", "cycle", self._cycle)
        if name == "changed":
            return Function("method", "changed", self._has_changed)
        if name.startswith("_"):
            raise TemplateRefusal(f"it asks a loop for {name[:40]}, which templates may not use here")
        return Undefined(name)

    def call(self, positional: list[Value], named: dict[str, Value]) -> Value:
        """Return the text of the loop's body for other elements: ``loop(elements)`` in a recursive loop."""
        if self._again is None or len(positional) != 1 or named:
            raise TemplateRefusal("it calls a loop that is not recursive, or without elements")
        return self._again(positional[0], self._depth + 1)

    def _look_ahead(self) -> bool:
        if not self._ahead:
            self._ahead += [element for _, element in zip(range(1), self._elements, strict=False)]
        return bool(self._ahead)

    def _cycle(self, positional: list[Value], _: dict[str, Value]) -> Value:
        if not positional:
            raise TemplateRefusal("it cycles through nothing")
        return positional[self._index % len(positional)]

    def _has_changed(self, positional: list[Value], _: dict[str, Value]) -> Value:
        last, self._changed = self._changed, positional
        return (
            last is None
            or len(last) != len(positional)
            or not all(equal(self._budget, a, b) for a, b in zip(last, positional, strict=True))
        )
