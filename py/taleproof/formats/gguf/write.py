# SPDX-License-Identifier: Apache-2.0
"""The beginning of a GGUF 3 file: metadata and a tensor table come in, the bytes up to the first tensor go out.

A number's type in the file follows from its value: u32 where it fits, else i32, u64 or i64; f32, which readers of GGUF
expect, and f64 only for what would overflow. NumPy arrays keep their own. Refused with ValueError: what GGUF has no
type for.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taleproof.formats.gguf.read import DEFAULT_ALIGNMENT, MAGIC
from taleproof.formats.model_file import Value
from taleproof.quant import BlockType, row_bytes


VERSION = 3
ALIGNMENT = DEFAULT_ALIGNMENT

_STRING, _ARRAY = 8, 9
_TYPES = {"u1": 0, "i1": 1, "u2": 2, "i2": 3, "u4": 4, "i4": 5, "f4": 6, "b1": 7, "u8": 10, "i8": 11, "f8": 12}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the tensor table: shape outermost first, as everywhere but in the file."""

    name: str
    type: BlockType
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Return the bytes of the tensor, without padding."""
        rows = 1
        for size in self.shape[:-1]:
            rows *= size
        return rows * row_bytes(self.type, self.shape[-1] if self.shape else 1)


def padding(length: int) -> bytes:
    """Return the zeros that bring a length to a multiple of the alignment."""
    return bytes(-length % ALIGNMENT)


def head(metadata: Mapping[str, Value], rows: Sequence[Row]) -> bytes:
    """Return all bytes before the first tensor; the tensors follow in order, each padded to the alignment."""
    parts = [MAGIC, struct.pack("<IQQ", VERSION, len(rows), len(metadata))]
    for key, value in metadata.items():
        parts += [_string(key), _value(value)]
    offset = 0
    for row in rows:
        dims = row.shape or (1,)
        parts.append(_string(row.name) + struct.pack(f"<I{len(dims)}Q", len(dims), *reversed(dims)))
        if row.type.gguf_id is None:
            raise ValueError(f"GGUF has no type {row.type.name}")
        parts.append(struct.pack("<IQ", row.type.gguf_id, offset))
        offset += row.nbytes + len(padding(row.nbytes))
    data = b"".join(parts)
    return data + padding(len(data))


def _string(text: str) -> bytes:
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def _value(value: Value) -> bytes:
    """Return a value with its type before it."""
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _string(value)
    if isinstance(value, list | np.ndarray):
        return struct.pack("<I", _ARRAY) + _array(value)
    number = _number(value)
    return struct.pack("<I", _TYPES[number.dtype.str[1:]]) + number.tobytes()


def _array(items: list[Any] | NDArray[Any]) -> bytes:
    """Return the type of an array's items, their number and themselves."""
    if isinstance(items, np.ndarray):
        numbers = items.astype(items.dtype.newbyteorder("<"))
        return struct.pack("<IQ", _TYPES[numbers.dtype.str[1:]], len(numbers)) + numbers.tobytes()
    if all(isinstance(item, str) for item in items):
        return struct.pack("<IQ", _STRING, len(items)) + b"".join(map(_string, items))
    if all(isinstance(item, list | np.ndarray) for item in items):
        return struct.pack("<IQ", _ARRAY, len(items)) + b"".join(map(_array, items))
    raise ValueError("GGUF has no lists of values of several types")


def _number(value: bool | int | float) -> NDArray[Any]:
    if isinstance(value, bool):
        return np.array(value, np.bool_)
    if isinstance(value, float):
        with np.errstate(over="ignore"):
            short = np.array(value, "<f4")
        return short if np.isfinite(short) or not math.isfinite(value) else np.array(value, "<f8")
    for kind in ("<u4", "<i4", "<u8", "<i8"):
        limits = np.iinfo(kind)
        if limits.min <= value <= limits.max:
            return np.array(value, kind)
    raise ValueError("a number has at most 64 bits")
