# SPDX-License-Identifier: Apache-2.0
"""One part of a tokenizer.json: a JSON object, read strictly.

In comes a value of the file, which may be anything; out come fields of the types that are asked for. Refused: fields of
another type (FormatError), and those that nobody asked for (UnknownTokenizerPartError), which might change the text.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from taleproof.errors import FormatError, UnknownTokenizerPartError


T = TypeVar("T")

MAX_PARTS = 64
"""Parts of a sequence: real ones have four or so."""

MAX_EXPRESSIONS = 1 << 14
"""Characters of all expressions of a file, with what they repeat a number of times written out."""

_REQUIRED: Any = object()


class Allowance:
    """What the parts of one file may still have together."""

    def __init__(self) -> None:
        self.expressions = MAX_EXPRESSIONS


class Part:
    """An object in the file.

    Parameters
    ----------
    file, path : where it is, for messages.
    allowance : the file's, which all of its parts share.
    """

    def __init__(self, file: str, path: str, value: object, allowance: Allowance | None = None) -> None:
        if not isinstance(value, dict):
            raise FormatError(file, path, _short(value), None, "an object is expected")
        self.file, self.path = file, path
        self.allowance = allowance or Allowance()
        self._fields: Mapping[str, Any] = value

    @property
    def kind(self) -> str:
        """The name of the part's kind."""
        return self.text("type")

    @property
    def label(self) -> str:
        """What messages call the part: its place and its kind."""
        return f"{self.path}: {self.kind}"

    def __contains__(self, key: str) -> bool:
        return self._fields.get(key) is not None

    def is_object(self, key: str) -> bool:
        """Return whether a field is an object."""
        return isinstance(self._fields.get(key), dict)

    def get(self, key: str, kind: type[T], default: T = _REQUIRED) -> T:
        """Return a field of a type; null is as if it were not there."""
        value = self._fields.get(key)
        if value is None and default is not _REQUIRED:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.fail(key, value, f"{_NAMES.get(kind, kind.__name__)} is expected")
        return value

    def text(self, key: str, default: str = _REQUIRED) -> str:
        """Return a text."""
        return self.get(key, str, default)

    def flag(self, key: str, default: bool = _REQUIRED) -> bool:
        """Return a truth value."""
        return self.get(key, bool, default)

    def character(self, key: str, default: str = _REQUIRED) -> str:
        """Return a single character."""
        value = self.text(key, default)
        if len(value) != 1:
            raise self.fail(key, value, "one character is expected")
        return value

    def choice(self, key: str, choices: Mapping[str, T], default: str = _REQUIRED) -> T:
        """Return what a text stands for; one that is not among the choices is an unknown part."""
        value = self.text(key, default)
        if value not in choices:
            self.unknown(f"{key} {value}")
        return choices[value]

    def count(self, key: str, most: int, default: int = _REQUIRED) -> int:
        """Return a number from 0 on."""
        value = self.get(key, int, default)
        if not 0 <= value <= most:
            raise self.fail(key, value, f"a number from 0 to {most:,} is expected")
        return value

    def part(self, key: str) -> "Part":
        """Return an object inside."""
        return Part(self.file, self._below(key), self._fields.get(key), self.allowance)

    def optional(self, key: str) -> "Part | None":
        """Return an object inside, if it is there."""
        return self.part(key) if key in self else None

    def parts(self, key: str, most: int = MAX_PARTS) -> Iterator["Part"]:
        """Yield the objects of a list."""
        values: Sequence[object] = self.get(key, list)
        if len(values) > most:
            raise self.fail(key, len(values), f"at most {most} parts are read")
        for number, value in enumerate(values):
            yield Part(self.file, f"{self._below(key)}[{number}]", value, self.allowance)

    def only(self, *keys: str) -> None:
        """Refuse fields other than these and the kind's name, unless they say nothing."""
        for key, value in self._fields.items():
            if value is not None and key != "type" and key not in keys:
                self.unknown(key)

    def unknown(self, what: str = "") -> NoReturn:
        """Refuse the part, or what it says."""
        kind = self._fields.get("type")
        names = [self.path, f"{kind}"[:80] if kind is not None else "", what[:200]]
        raise UnknownTokenizerPartError(self.file, ": ".join(filter(None, names)))

    def fail(self, key: str, value: object, why: str, *, remedy: str | None = None) -> FormatError:
        """Return the error for a field that can't be right."""
        return FormatError(self.file, self._below(key), _short(value), None, why, remedy=remedy)

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


_NAMES: dict[type, str] = {
    str: "a text",
    bool: "a truth value",
    int: "a whole number",
    dict: "an object",
    list: "a list",
}


def _short(value: object) -> object:
    return value if isinstance(value, int | float | str | None) else type(value).__name__
