# SPDX-License-Identifier: Apache-2.0
"""JSON that may be hostile: a header of safetensors, a config.json, a tokenizer.json.

In come bytes and a cap; out goes the object that they hold, as Python's own values. Refused, with a FormatError: what
is over the cap or has more values than real files, which is counted before anything is parsed; no UTF-8, no JSON or no
object, keys that stand twice, halves of surrogate pairs, and nesting that no real file has.
"""

import json
import re
from typing import Any

from taleproof.errors import FormatError, LimitError


Fields = dict[str, Any]

_MOST = (("objects", b"{", 1 << 17), ("lists", b"[", 1 << 20), ("values", b",[{", 5 << 19))
"""What a file may have of each, counted by these characters, in texts too. The largest known file, Gemma 3's
tokenizer.json, has some 10,000 objects, 520,000 lists and under two million values."""

_FREE, _BYTES_PER_VALUE = 1 << 17, 4
"""Beyond so many values each has so many bytes on average: real ones have six or more, but "[]," has three for two."""

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
    data = bytes(data)
    _count(data, file, field, offset)
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


def _count(data: bytes, file: str, field: str, offset: int | None) -> None:
    found = 0
    for name, marks, most in _MOST:
        found = sum(data.count(mark) for mark in marks)
        if found > most:
            raise LimitError(file, field, found, offset, f"at most {most:,} {name} are read")
    if found > _FREE + len(data) // _BYTES_PER_VALUE:
        raise LimitError(file, field, found, offset, "so many values in so few bytes are not read")


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
