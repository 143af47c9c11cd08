# SPDX-License-Identifier: Apache-2.0
"""A config.json, or an object inside one, read strictly: each value of a type, within a range, with its default.

In come fields that may be anything; out go values. Refused: values of another type or out of their range (FormatError),
and keys that are not known, or say that the network is another one (UnknownSettingError).
"""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import FormatError, UnknownSettingError
from taleproof.formats.huggingface.keys import Defaults


class Config:
    """An object in the file. A key that is absent has its default; null is a value like others, which says "none".

    Parameters
    ----------
    file, path : where it is, for messages.
    defaults : the keys that may be asked for, each with its value where it is absent.
    """

    def __init__(self, fields: Mapping[str, object], file: str, defaults: Defaults, path: str = "") -> None:
        self._fields = fields
        self._file = file
        self._defaults = defaults
        self.path = path

    @property
    def known(self) -> Collection[str]:
        """The keys that may be asked for; no other can be."""
        return self._defaults.keys()

    def value(self, key: str) -> object:
        """Return whatever a key says."""
        default = self._defaults[key]
        return self._fields.get(key, default)

    def given(self, key: str) -> bool:
        """Return whether a key says something: null says nothing."""
        return self.value(key) is not None

    def count(self, key: str, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``."""
        value = self.value(key)
        if type(value) is not int or not low <= value <= high:
            raise self.fail(key, f"a whole number from {low:,} to {high:,} is expected")
        return value

    def f32(self, key: str, low: float, high: float) -> float:
        """Return a finite number from ``low`` to ``high``, which fits in a float32."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.fail(key, f"a number from {low:g} to {high:g} is expected")
        return float(value)

    def flag(self, key: str) -> bool:
        """Return a truth value; null is false."""
        value = self.value(key)
        if value is not None and not isinstance(value, bool):
            raise self.fail(key, "true or false is expected")
        return bool(value)

    def text(self, key: str) -> str:
        """Return a text."""
        value = self.value(key)
        if not isinstance(value, str):
            raise self.fail(key, "a text is expected")
        return value

    def f32s(self, key: str, length: int, low: float, high: float) -> NDArray[np.float32]:
        """Return so many numbers from ``low`` to ``high``."""
        value = self.value(key)
        if not isinstance(value, list) or len(value) != length:
            raise self.fail(key, f"{length:,} numbers are expected")
        if not all(type(number) in (int, float) and low <= number <= high for number in value):
            raise self.fail(key, f"numbers from {low:g} to {high:g} are expected")
        return np.array(value, np.float32)

    def each_of(self, key: str, length: int, choices: Collection[object]) -> list[object]:
        """Return a list of so many values, each one of ``choices``."""
        value = self.value(key)
        if not isinstance(value, list) or len(value) != length:
            raise self.fail(key, f"a list of {length:,} values is expected, one for each layer")
        for item in value:
            if not any(_same(item, choice) for choice in choices):
                known = " and ".join(map(str, choices))
                raise UnknownSettingError(self._file, self.path + key, item, f"of layers {known} are run")
        return value

    def part(self, key: str, defaults: Defaults) -> "Config":
        """Return an object inside; an empty one where there is none."""
        value = self.value(key)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.fail(key, "an object is expected")
        return Config(value, self._file, defaults, f"{self.path}{key}.")

    def merged(self, other: "Config") -> "Config":
        """Return the object with another one's fields put over its own."""
        return Config({**self._fields, **other._fields}, self._file, self._defaults, self.path)

    def check(self, fixed: Mapping[str, tuple[object, ...]], harmless: Collection[str]) -> None:
        """Refuse keys that are not known, and those of ``fixed`` with another value than the ones there."""
        for key, value in self._fields.items():
            if key in fixed:
                if value is not None and not any(_same(value, choice) for choice in fixed[key]):
                    known = " or ".join(str(choice) for choice in fixed[key] if choice is not None) or "none"
                    raise self.refused(key, f"{known} is run in models of this type")
            elif value is not None and key not in self._defaults and key not in harmless:
                raise self.refused(key[:80], "this key is not known for models of this type")

    def refused(self, key: str, why: str) -> UnknownSettingError:
        """Return the error for what a key says and is not run."""
        return UnknownSettingError(self._file, self.path + key, self._fields.get(key), why)

    def fail(self, key: str, why: str) -> FormatError:
        """Return the error for a value that can't be right."""
        return FormatError(self._file, self.path + key, self.value(key), None, why)


def _same(value: object, choice: object) -> bool:
    return type(value) is type(choice) and value == choice
