# SPDX-License-Identifier: Apache-2.0
"""Values as text: as Python prints them, and as JSON. Only data have a text; everything else is refused by name."""

import json
import re

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.letters import known
from taleproof.chat.template.values import Fields, Items, Scalar, Undefined, Value, kind_of


_ESCAPED_AT_MOST = 10  # \U0001f600
_JSON_AT_MOST = 6  # \u001f
_JSON_ESCAPED = re.compile(r"[\x00-\x1f]")


def text_of(budget: Budget, value: Value) -> str:
    """Return a value as it stands where it is printed or joined."""
    if isinstance(value, str):
        return value
    if isinstance(value, Undefined):
        return ""
    return _printed(budget, value)


def _printed(budget: Budget, value: Value) -> str:
    parts: list[str] = []
    _write(budget, value, parts)
    budget.make_text(sum(map(len, parts)))
    return "".join(parts)


def _write(budget: Budget, value: Value, parts: list[str]) -> None:
    """Append what Python's repr makes of data; no deeper than values are."""
    budget.spend()
    if isinstance(value, str):
        plain = value.isascii() and value.isprintable()
        budget.make_text(2 + len(value) * (2 if plain else _ESCAPED_AT_MOST))
        parts.append(repr(known(value)))
    elif value is None or isinstance(value, int | float):
        parts.append(repr(value))
    elif isinstance(value, Fields):
        parts.append("{")
        for index, (key, item) in enumerate(value.entries.items()):
            parts.append(", " if index else "")
            _write(budget, key, parts)
            parts.append(": ")
            _write(budget, item, parts)
        parts.append("}")
    elif isinstance(value, Items) and value.kind in ("list", "tuple"):
        opening, closing = "[]" if value.kind == "list" else "()"
        parts.append(opening)
        for index, item in enumerate(value.values):
            parts.append(", " if index else "")
            _write(budget, item, parts)
        parts.append("," if value.kind == "tuple" and len(value.values) == 1 else "")
        parts.append(closing)
    elif isinstance(value, Undefined):
        parts.append("Undefined")
    else:
        raise TemplateRefusal(f"it prints {kind_of(value)}, which has no text of its own")


class Json:
    """Writes values as json.dumps does; a class, to hold the options.

    Parameters
    ----------
    indent : what one level is indented by; None for one line.
    separators : between items, and between a key and its value.
    """

    def __init__(
        self, budget: Budget, indent: str | None, separators: tuple[str, str], *, ascii_only: bool, sort: bool
    ) -> None:
        self._budget = budget
        self._indent = indent
        self._between, self._colon = separators
        self._ascii_only = ascii_only
        self._sort = sort
        self._parts: list[str] = []

    def text(self, value: Value) -> str:
        """Return the JSON text of a value."""
        self._write(value, 0)
        self._budget.make_text(sum(map(len, self._parts)))
        return "".join(self._parts)

    def _write(self, value: Value, level: int) -> None:
        self._budget.spend()
        if isinstance(value, str):
            self._parts.append(self._quoted(value))
        elif value is None or isinstance(value, int | float):
            self._parts.append(json.dumps(value))
        elif isinstance(value, Fields):
            entries = self._sorted(value)
            self._block("{}", [(f"{self._quoted(self._key(key))}{self._colon}", item) for key, item in entries], level)
        elif isinstance(value, Items) and value.kind in ("list", "tuple"):
            self._block("[]", [("", item) for item in value.values], level)
        else:
            raise TemplateRefusal(f"it turns {kind_of(value)} into JSON")

    def _block(self, brackets: str, items: list[tuple[str, Value]], level: int) -> None:
        self._parts.append(brackets[0])
        for index, (key, item) in enumerate(items):
            self._parts.append(self._between if index else "")
            self._new_line(level + 1)
            self._parts.append(key)
            self._write(item, level + 1)
        if items:
            self._new_line(level)
        self._parts.append(brackets[1])

    def _new_line(self, level: int) -> None:
        if self._indent is not None:
            self._budget.make_text(1 + len(self._indent) * level)
            self._parts.append("\n" + self._indent * level)

    def _quoted(self, text: str) -> str:
        widest = _JSON_AT_MOST * 2 if self._ascii_only else _JSON_AT_MOST if _JSON_ESCAPED.search(text) else 2
        self._budget.make_text(2 + len(text) * widest)
        return json.dumps(text, ensure_ascii=self._ascii_only)

    def _key(self, key: Scalar) -> str:
        return key if isinstance(key, str) else json.dumps(key)

    def _sorted(self, value: Fields) -> list[tuple[Scalar, Value]]:
        entries = list(value.entries.items())
        if not self._sort:
            return entries
        if not all(isinstance(key, str) for key in value.entries):
            raise TemplateRefusal("it sorts keys that are not texts")
        self._budget.spend(len(entries) * len(entries).bit_length())
        return sorted(entries, key=lambda entry: str(entry[0]))
