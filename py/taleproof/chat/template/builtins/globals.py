# SPDX-License-Identifier: Apache-2.0
"""The functions that every template finds: those of Jinja and of transformers, without what is random."""

from collections.abc import Callable
from datetime import date

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.dates import format_date
from taleproof.chat.template.values import (
    Fields,
    Function,
    Items,
    Namespace,
    Scalar,
    Value,
    as_integer,
    as_key,
    as_text,
    integer,
    iterate,
)


class Globals:
    """The functions of one rendering.

    Attributes
    ----------
    used_date : whether the template has asked for today's date.
    """

    def __init__(self, budget: Budget, today: date) -> None:
        self._budget = budget
        self._today = today
        self.used_date = False

    def functions(self) -> dict[str, Value]:
        """Return them by their names."""
        calls: dict[str, Callable[[list[Value], dict[str, Value]], Value]] = {
            "dict": self._dict,
            "namespace": self._namespace,
            "raise_exception": self._raise,
            "range": self._range,
            "strftime_now": self._strftime_now,
        }
        return {name: Function("function", name, call) for name, call in calls.items()}

    def _dict(self, positional: list[Value], named: dict[str, Value]) -> Value:
        return Fields(self._budget, self._entries(positional, named))

    def _namespace(self, positional: list[Value], named: dict[str, Value]) -> Value:
        return Namespace({as_text(key, "namespace"): value for key, value in self._entries(positional, named).items()})

    def _entries(self, positional: list[Value], named: dict[str, Value]) -> dict[Scalar, Value]:
        entries: dict[Scalar, Value] = {}
        for given in positional[:1]:
            if isinstance(given, Fields):
                entries.update(given.entries)
                self._budget.spend(len(entries))
                continue
            for pair in iterate(self._budget, given):
                if not isinstance(pair, Items) or len(pair.values) != 2:
                    raise TemplateRefusal("it makes a mapping of other than pairs")
                entries[as_key(pair.values[0])] = pair.values[1]
        if positional[1:]:
            raise TemplateRefusal("it makes a mapping of more than one value")
        return entries | named

    def _raise(self, positional: list[Value], _: dict[str, Value]) -> Value:
        raise TemplateRefusal(
            as_text(positional[0], "raise_exception") if positional else "it refuses this conversation"
        )

    def _range(self, positional: list[Value], named: dict[str, Value]) -> Value:
        bounds = [as_integer(bound, "range") for bound in positional]
        if named or not 1 <= len(bounds) <= 3:
            raise TemplateRefusal("it calls range with other arguments")
        start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
        if step == 0:
            raise TemplateRefusal("it makes a range in steps of zero")
        self._budget.spend(max(0, (stop - start + step - (1 if step > 0 else -1)) // step))
        return Items(self._budget, map(integer, range(start, stop, step)), "range")

    def _strftime_now(self, positional: list[Value], named: dict[str, Value]) -> Value:
        if len(positional) != 1 or named:
            raise TemplateRefusal("it asks for the date without saying in which form, or with more than that")
        template = as_text(positional[0], "strftime_now")
        self._budget.make_text(len(template) * 10)  # %A is nine letters at most
        self._budget.spend(template.count("%"))
        self.used_date = True
        return format_date(self._today, template)
