# SPDX-License-Identifier: Apache-2.0
"""JSON that may be hostile: a header of safetensors, a config.json, a tokenizer.json.

In come bytes and a cap; out goes the object that they hold, as Python's own values. Refused, with a FormatError: what
is over the cap, no UTF-8, no JSON or no object, keys that stand twice, halves of surrogate pairs, and nesting that no
real file has.
"""

import json
import re
from typing import Any

from taleproof.errors import FormatError, LimitError


Fields = dict[str, Any]

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_object(data: bytes | memoryview, file: str, field: str, cap: int, offset: int | None = None) -> Fields:
    """Decode one object.

    Parameters
    ----------
    file, field, offset : what messages call it, and where it begins.
    cap : the most bytes it may have. Its values take up to some 25 times as much memory.

    Raises
    ------
    FormatError, LimitError
    """
    if len(data) > cap:
        raise LimitError(file, field, len(data), offset, f"at most {cap:,} bytes are read")
    try:
        value = json.loads(str(data, "utf-8"), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
        if _SURROGATE.search(data):  # escapes can write half a pair, which is no letter and fits in no UTF-8
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise FormatError(file, field, None, offset, "this is nested deeper than any real file") from None
    except UnicodeDecodeError:
        raise FormatError(file, field, bytes(data[:40]), offset, "this is not UTF-8 text") from None
    except ValueError as error:  # also numbers of thousands of digits
        raise FormatError(file, field, None, offset, f"this is not JSON as it should be: {error}") from None
    if not isinstance(value, dict):
        raise FormatError(file, field, type(value).__name__, offset, "an object is expected")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> Fields:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key[:80]!r} stands twice")
            seen.add(key)
    return fields


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
