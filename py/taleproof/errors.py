"""Every error a user can meet: one class a kind, a stable ``code``, a sentence that says what to do.

Nothing else reaches a person. Each class builds its sentence from the facts it is given and keeps those facts in
``details``, so that the page can show them and a script can test them.
"""

from collections.abc import Mapping


JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


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
