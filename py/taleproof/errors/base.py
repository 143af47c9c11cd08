# SPDX-License-Identifier: Apache-2.0
"""The base of all errors meant for people."""

from collections.abc import Mapping, Sequence, Sized
from typing import Protocol, runtime_checkable


JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

MAX_SHOWN = 8
"""Numbers of a list that a message shows."""

MAX_SHOWN_TEXT = 200
"""Characters of a text that are looked at for a message, which shows half of them."""


class TaleproofError(Exception):
    """The base of all errors meant for people.

    Attributes
    ----------
    code : a stable kebab-case name of the kind of error.
    message : what happened and what to do about it, in a sentence or two.
    details : the facts behind the message, as JSON values.
    """

    code = "error"

    def __init__(self, message: str, details: Mapping[str, JsonValue] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, JsonValue] = dict(details or {})


@runtime_checkable
class _Array(Protocol):
    """An array or a number of NumPy's."""

    def tolist(self) -> object:
        """Return Python's own values."""
        ...


def shown(value: object) -> str:
    """Return a value as text that is safe to print: one line, never longer than a line.

    A long list, or one of lists, is given by its length, so that no message takes the list's memory once more.
    """
    if isinstance(value, Sized) and not isinstance(value, str | bytes) and len(value) > MAX_SHOWN:
        return f"a list of {len(value):,} items"
    if isinstance(value, _Array):
        value = value.tolist()
    if isinstance(value, list | tuple | Mapping) and not all(isinstance(item, int | float) for item in value):
        return f"a list of {len(value):,} items"
    text = repr(value[:MAX_SHOWN_TEXT] if isinstance(value, str | bytes) else value)
    return text if len(text) <= 100 else text[:97] + "..."


def plain(text: str) -> str:
    """Return a text that may hold names out of a file, without control characters and not too long."""
    plain = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:200])
    return plain if len(text) <= 200 else plain[:197] + "..."


def fact(value: object) -> JsonValue:
    """Return a value as a fact for ``details``: numbers and short texts as they are, all else shortened."""
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 1 << 53):
        return value
    return value if isinstance(value, str) and len(value) <= 100 else shown(value)
