# SPDX-License-Identifier: Apache-2.0
"""GGUF, versions 1 to 3, of either byte order: header, metadata and tensor table. The weights are not touched.

In comes a Blob that begins with "GGUF", out goes a ModelFile. Refused: other versions, any count or length that
the file can't hold or that is over its cap, names that are broken or come twice, and tensors that have more than
four dimensions, an unknown type, rows that are no whole number of blocks, or bytes that are outside the file or
shared with another's.

Version 1 has counts, lengths and dimensions of 32 bits, the others of 64; 2 and 3 differ in nothing but that 3 may be
big-endian. The magic is the same in both byte orders, so the version tells which one a file has.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from taleproof.errors import (
    ExtendedFileError,
    FormatError,
    TruncatedFileError,
    UnknownBlockTypeError,
    UnsupportedVersionError,
)
from taleproof.formats.model_file import ModelFile, TensorInfo, Value
from taleproof.io.reader import Blob, ByteReader
from taleproof.quant import BLOCK_TYPES, GGUF_TYPE_NAMES, BlockType, row_bytes


MAGIC = b"GGUF"
VERSIONS = (1, 2, 3)

MAX_KEYS = 1 << 14
MAX_TENSORS = 1 << 16
MAX_NAME_BYTES = 1 << 16  # a key; the specification's own limit
MAX_TENSOR_NAME_BYTES = 1 << 10  # ggml keeps 64; some writers go beyond
MAX_TEXT_BYTES = 8 << 20  # a string value: chat templates are under 1 MB, embedded tokenizers may have several
MAX_TOKEN_BYTES = 1 << 16  # a string in an array
MAX_ARRAY_ITEMS = 1 << 24  # numbers in one array
MAX_ARRAY_TEXTS = 1 << 20  # strings in one array: the largest vocabularies have 260,000 tokens and 520,000 merges
MAX_NESTED_ARRAYS = 1 << 12
MAX_NESTING = 4
MAX_DIMENSIONS = 4
MIN_ALIGNMENT = 8
MAX_ALIGNMENT = 1 << 20
DEFAULT_ALIGNMENT = 32
MAX_ELEMENTS = 1 << 48  # weights in one tensor, long before any product could wrap

MIN_ARRAY_BYTES = 8
"""Bytes of an empty array inside another, in version 1."""

KEY_COST = 200
"""Bytes of memory, about, that a metadata entry takes beside its text and value."""
TENSOR_COST = 500
"""Bytes of memory, about, that an entry of the tensor table takes beside its name."""

_NUMBERS: dict[int, np.dtype[Any]] = {
    0: np.dtype("<u1"),
    1: np.dtype("<i1"),
    2: np.dtype("<u2"),
    3: np.dtype("<i2"),
    4: np.dtype("<u4"),
    5: np.dtype("<i4"),
    6: np.dtype("<f4"),
    10: np.dtype("<u8"),
    11: np.dtype("<i8"),
    12: np.dtype("<f8"),
}
_BOOL, _STRING, _ARRAY = 7, 8, 9


def parse_gguf(blob: Blob) -> ModelFile:
    """Parse a GGUF file's header, metadata and tensor table."""
    version, big_endian = _version(blob)
    reader = ByteReader(blob, len(MAGIC) + 4, big_endian=big_endian, length_bytes=4 if version == 1 else 8)
    n_tensors = reader.length("tensor count")
    reader.limit("tensor count", n_tensors, MAX_TENSORS, "tensors")
    n_keys = reader.length("metadata count")
    reader.limit("metadata count", n_keys, MAX_KEYS, "keys")
    metadata = _metadata(reader, n_keys)
    alignment = _alignment(reader, metadata)
    table = [replace(_tensor(reader, blob, index), big_endian=big_endian) for index in range(n_tensors)]
    data_start = -(-reader.position // alignment) * alignment
    tensors = _placed(blob, table, data_start, alignment)
    _check_gaps(blob, tensors.values(), data_start, alignment)
    part = metadata.get("split.no")
    is_later = isinstance(part, int) and part > 0  # of a model in several files; the first names the architecture
    architecture = metadata.get("general.architecture", "" if is_later else None)
    if not isinstance(architecture, str):
        why = "a model names its architecture here"
        raise FormatError(blob.name, "general.architecture", architecture, None, why)
    kind = f"GGUF v{version}{', big-endian' if big_endian else ''}"
    return ModelFile(blob.name, kind, architecture, metadata, tensors, blob.size)


def _version(blob: Blob) -> tuple[int, bool]:
    """Return the version, and whether it was written with its most significant byte first."""
    data = ByteReader(blob, len(MAGIC)).bytes(4, "version")
    version, swapped = int.from_bytes(data, "little"), int.from_bytes(data, "big")
    if version in VERSIONS or swapped in VERSIONS:
        return min(version, swapped), swapped in VERSIONS
    raise UnsupportedVersionError(blob.name, "version", version, len(MAGIC), "only versions 1 to 3 are read")


def _metadata(reader: ByteReader, count: int) -> dict[str, Value]:
    metadata: dict[str, Value] = {}
    for index in range(count):
        start = reader.position
        key = reader.string(f"name of key {index}", MAX_NAME_BYTES, strict=True)
        if not key or key in metadata:
            raise reader.fail(f"name of key {index}", key, "a key has a name, and stands only once", start)
        reader.charge(key, KEY_COST)
        metadata[key] = _value(reader, key, reader.u32(f"type of {key}"))
    return metadata


def _value(reader: ByteReader, key: str, kind: int) -> Value:
    if kind in _NUMBERS:
        return reader.scalar(_NUMBERS[kind], key)
    if kind == _BOOL:
        return _flag(reader, key)
    if kind == _STRING:
        return reader.string(key, MAX_TEXT_BYTES)
    if kind == _ARRAY:
        return _array(reader, key, depth=1, arrays_left=[MAX_NESTED_ARRAYS])
    raise reader.fail(f"type of {key}", kind, "GGUF has value types 0 to 12", reader.position - 4)


def _flag(reader: ByteReader, key: str) -> bool:
    value = reader.u8(key)
    if value > 1:
        raise reader.fail(key, value, "a truth value is 0 or 1", reader.position - 1)
    return bool(value)


def _array(reader: ByteReader, key: str, depth: int, arrays_left: list[int]) -> Value:
    """Read an array; all arrays nested in one value share ``arrays_left``."""
    start = reader.position
    kind = reader.u32(f"element type of {key}")
    count = reader.length(f"length of {key}")
    if kind in _NUMBERS:
        reader.limit(f"length of {key}", count, MAX_ARRAY_ITEMS, "numbers in an array")
        return reader.array(_NUMBERS[kind], count, key)
    if kind == _BOOL:
        reader.limit(f"length of {key}", count, MAX_ARRAY_ITEMS, "truth values in an array")
        flags = reader.array(_NUMBERS[0], count, key)
        if count and flags.max() > 1:
            raise reader.fail(key, int(flags.max()), "a truth value is 0 or 1")
        return flags.view(np.bool_)
    if kind == _STRING:
        reader.limit(f"length of {key}", count, MAX_ARRAY_TEXTS, "strings in an array")
        return reader.strings(count, key, MAX_TOKEN_BYTES)
    if kind == _ARRAY:
        reader.limit(f"depth of {key}", depth + 1, MAX_NESTING, "arrays inside one another")
        reader.limit(f"length of {key}", count, arrays_left[0], "arrays in an array")
        arrays_left[0] -= count
        reader.need(f"length of {key}", count * MIN_ARRAY_BYTES, count)
        return [_array(reader, key, depth + 1, arrays_left) for _ in range(count)]
    raise reader.fail(f"element type of {key}", kind, "GGUF has value types 0 to 12", start)


def _alignment(reader: ByteReader, metadata: dict[str, Value]) -> int:
    key = "general.alignment"
    value = metadata.get(key, DEFAULT_ALIGNMENT)
    number = value if isinstance(value, int) and not isinstance(value, bool) else 0
    if not MIN_ALIGNMENT <= number <= MAX_ALIGNMENT or number & (number - 1):
        why = f"the alignment is a power of two from {MIN_ALIGNMENT} to {MAX_ALIGNMENT:,}"
        raise reader.fail(key, value, why)
    return number


def _tensor(reader: ByteReader, blob: Blob, index: int) -> TensorInfo:
    """Read one row of the tensor table; its offset is still relative to the data's beginning."""
    start = reader.position
    name = reader.string(f"name of tensor {index}", MAX_TENSOR_NAME_BYTES, strict=True)
    if not name:
        raise reader.fail(f"name of tensor {index}", name, "a tensor has a name", start)
    reader.charge(name, TENSOR_COST)
    n_dims = reader.u32(f"dimensions of {name}")
    reader.limit(f"dimensions of {name}", n_dims, MAX_DIMENSIONS, "dimensions")
    dims = [reader.length(f"dimension {axis} of {name}") for axis in range(n_dims)]
    if not dims or min(dims) < 1 or math.prod(dims) > MAX_ELEMENTS:
        raise reader.fail(f"dimensions of {name}", dims, f"a tensor has 1 to {MAX_ELEMENTS:,} elements", start)
    block_type = _block_type(reader, blob, name)
    cols = dims[0]  # GGUF gives the innermost dimension first
    if cols % block_type.elements:
        why = f"a row in {block_type.name} is a multiple of {block_type.elements}"
        raise reader.fail(f"dimensions of {name}", dims, why, start)
    nbytes = row_bytes(block_type, cols) * math.prod(dims[1:])
    return TensorInfo(name, block_type, tuple(reversed(dims)), reader.u64(f"offset of {name}"), nbytes)


def _block_type(reader: ByteReader, blob: Blob, name: str) -> BlockType:
    number = reader.u32(f"type of {name}")
    if number not in BLOCK_TYPES:
        known = GGUF_TYPE_NAMES.get(number)
        why = f"the block type {known} is not supported" if known else "GGUF has no block type of this number"
        raise UnknownBlockTypeError(blob.name, f"type of {name}", known or number, reader.position - 4, why)
    return BLOCK_TYPES[number]


def _placed(blob: Blob, table: list[TensorInfo], data_start: int, alignment: int) -> dict[str, TensorInfo]:
    """Make the offsets absolute, and check that every tensor lies inside the file."""
    tensors: dict[str, TensorInfo] = {}
    for info in table:
        offset = data_start + info.offset
        if info.name in tensors:
            raise FormatError(blob.name, "name of a tensor", info.name, None, "this name comes twice")
        if info.offset % alignment:
            why = f"it is not a multiple of the alignment, {alignment}"
            raise FormatError(blob.name, f"offset of {info.name}", info.offset, None, why)
        end = offset + info.nbytes
        if end > blob.size:
            why = f"its {info.nbytes:,} bytes would end at {end:,}; the file has {blob.size:,}"
            raise TruncatedFileError(blob.name, f"offset of {info.name}", info.offset, None, why)
        tensors[info.name] = replace(info, offset=offset)
    return tensors


def _check_gaps(blob: Blob, tensors: Iterable[TensorInfo], data_start: int, alignment: int) -> None:
    """Check that no two tensors share a byte, and that the file ends with the last one and its padding."""
    end, last = data_start, "the header"
    for info in sorted(tensors, key=lambda info: info.offset):
        if info.offset < end:
            why = f"its bytes overlap with those of {last}"
            raise FormatError(blob.name, f"offset of {info.name}", info.offset - data_start, info.offset, why)
        end, last = info.offset + info.nbytes, info.name
    padded = data_start + -(-(end - data_start) // alignment) * alignment
    if blob.size > padded:
        why = f"after {last} the file ends at {padded:,} at the latest"
        raise ExtendedFileError(blob.name, "size", blob.size, padded, why)
