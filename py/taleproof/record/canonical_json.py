# SPDX-License-Identifier: Apache-2.0
"""The one canonical form of JSON values, so that the same values have the same bytes and the same digest everywhere.

In come JSON values, out goes text as RFC 8785 has it: keys sorted, no spaces, numbers as ECMAScript writes them. Values
that have no such form are refused with ValueError: NaN, infinities, integers that no float64 is equal to, lone
surrogates.
"""

import json
import math
from collections.abc import Mapping
from decimal import Decimal

from taleproof.errors import JsonValue


def canonical_json(value: JsonValue) -> str:
    """Return a value's canonical form.

    Raises
    ------
    ValueError : it has none.
    """
    if isinstance(value, str):
        value.encode("utf-8")  # a lone surrogate has no form
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return _number(value)
    if not isinstance(value, Mapping):
        return "[" + ",".join(map(canonical_json, value)) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))  # by UTF-16 code units
    return "{" + ",".join(f"{canonical_json(name)}:{canonical_json(value[name])}" for name in names) + "}"


def _integer(value: int) -> str:
    """Return an integer as the float64 that it is read as."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if number != value:
        raise ValueError(f"an integer that JSON's readers need not agree on: {value}")
    return _number(number)


def _number(value: float) -> str:
    """Return a float as ECMAScript's Number::toString does: the shortest digits that read back the same."""
    if not math.isfinite(value):
        raise ValueError(f"not a number of JSON: {value}")
    if value == 0:
        return "0"
    sign, digit_tuple, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, digit_tuple)).rstrip("0")
    point = len(digit_tuple) + exponent  # where the decimal point stands in the digits
    minus = "-" if sign else ""
    if len(digits) <= point <= 21:
        return minus + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{minus}{mantissa}e{point - 1:+d}"
