"""The base of all errors meant for people."""

from collections.abc import Mapping, Sequence


JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]


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


def shown(value: object) -> str:
    """Return a value as text that is safe to print: one line, never longer than a line."""
    text = repr(value)
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
