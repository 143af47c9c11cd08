# SPDX-License-Identifier: Apache-2.0
"""safetensors: eight bytes of length, a header in JSON, the tensors one after the other.

In comes a Blob, out go TensorInfos under the names that the file has. Refused: a header that is longer than the file
or than its cap, no JSON object, keys that stand twice, types that are not read, sizes that contradict a shape, tensors
that overlap or leave a hole between them, and bytes after the last.

Source: https://huggingface.co/docs/safetensors and the format section of its README.
"""

import math
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from taleproof.errors import ExtendedFileError, FormatError, LimitError, TruncatedFileError, UnknownBlockTypeError
from taleproof.formats.model_file import TensorInfo
from taleproof.io.json_text import read_object
from taleproof.io.reader import Blob
from taleproof.quant import BlockType
from taleproof.quant.plain.bf16 import BF16
from taleproof.quant.plain.f8 import F8_E4M3, F8_E5M2
from taleproof.quant.plain.f16 import F16
from taleproof.quant.plain.f32 import F32
from taleproof.quant.plain.f64 import F64
from taleproof.quant.plain.integers import I8, I16, I32, I64, U8


PREFIX = 8
"""Bytes of the header's length, little-endian."""

MAX_HEADER = 2_000_000
"""Bytes of a header: a hundred a tensor. The format's own cap is 100 MB, whose values would take gigabytes."""

MAX_DIMENSIONS = 8
MAX_NAME = 1 << 10
MAX_ELEMENTS = 1 << 48

DTYPES: dict[str, BlockType] = {
    kind.name: kind for kind in (F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I8, U8, I16, I32, I64)
}
"""The types that are read, by the format's own names."""

_REMEDY = "Choose the same model in BF16, F16 or F32, or as a GGUF file."
"""What to do about weights of a type that is not read."""


class _Span(NamedTuple):
    """Where an entry's bytes are, from the file's beginning, and the tensor if it is needed."""

    begin: int
    end: int
    name: str
    tensor: TensorInfo | None


def implied_header(blob: Blob) -> int | None:
    """Return the length of the header, if the file may be of this format: it has no magic number."""
    if blob.size < PREFIX + 2:
        return None
    (length,) = struct.unpack("<Q", blob.read(0, PREFIX))
    fits = 2 <= length <= blob.size - PREFIX and bytes(blob.read(PREFIX, 1)) == b"{"
    return int(length) if fits else None


def read_tensors(blob: Blob, part: int = 0, known_as: Callable[[str], str | None] = str) -> dict[str, TensorInfo]:
    """Read the tensor table, in the order of the data.

    Parameters
    ----------
    part : which of the model's files this is.
    known_as : gives the name that a tensor has in the table; None for one that is not needed and may be of any type.

    Raises
    ------
    FormatError : or one of its kinds.
    """
    length = _header_length(blob)
    header = read_object(blob.read(PREFIX, length), blob.name, "header", MAX_HEADER, PREFIX)
    _check_metadata(blob, header.pop("__metadata__", None))
    start = PREFIX + length
    spans = [_span(blob, name, entry, start, part, known_as(name)) for name, entry in header.items()]
    spans.sort(key=lambda span: span[:2])
    end, tensors = start, dict[str, TensorInfo]()
    for span in spans:
        if span.begin != end:
            why = f"the tensors stand one after the other, and the one before ends at byte {end:,}"
            raise FormatError(blob.name, f"data_offsets of {span.name}", span.begin - start, span.begin, why)
        end = span.end
        if span.tensor is not None:
            if span.tensor.name in tensors:
                raise FormatError(blob.name, "name", span.name, span.begin, "there are two tensors of this name")
            tensors[span.tensor.name] = span.tensor
    if end < blob.size:
        raise ExtendedFileError(blob.name, "size", blob.size, end, f"the last tensor ends at byte {end:,}")
    return tensors


def _header_length(blob: Blob) -> int:
    if blob.size < PREFIX:
        raise TruncatedFileError(blob.name, "header length", None, 0, f"the file has {blob.size} bytes")
    (length,) = struct.unpack("<Q", blob.read(0, PREFIX))
    if length > blob.size - PREFIX:
        raise TruncatedFileError(blob.name, "header length", length, 0, f"{blob.size - PREFIX:,} bytes follow")
    if length > MAX_HEADER:
        raise LimitError(blob.name, "header length", length, 0, f"at most {MAX_HEADER:,} bytes are read")
    return int(length)


def _check_metadata(blob: Blob, metadata: object) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FormatError(blob.name, "__metadata__", None, PREFIX, "texts by their names are expected")


def _span(blob: Blob, name: str, entry: Any, start: int, part: int, known: str | None) -> _Span:
    def fail(field: str, value: object, why: str) -> FormatError:
        return FormatError(blob.name, f"{field} of {name[:80]}", value, PREFIX, why)

    if not name or len(name) > MAX_NAME:
        raise fail("name", name[:80], f"a name has 1 to {MAX_NAME} characters")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise fail("entry", None, "dtype, shape and data_offsets are expected, and nothing else")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str):
        raise fail("dtype", None, "a text is expected")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS or not _counts(shape):
        raise fail("shape", None, f"up to {MAX_DIMENSIONS} whole numbers from 0 on are expected")
    if not isinstance(offsets, list) or len(offsets) != 2 or not _counts(offsets) or offsets[0] > offsets[1]:
        raise fail("data_offsets", None, "two whole numbers are expected, the smaller one first")
    begin, end = offsets
    if math.prod(max(size, 1) for size in shape) > MAX_ELEMENTS:  # also of a tensor of nothing
        raise fail("shape", None, f"a tensor has at most {MAX_ELEMENTS:,} elements")
    if end > blob.size - start:
        why = f"the data has {blob.size - start:,} bytes"
        raise TruncatedFileError(blob.name, f"data_offsets of {name[:80]}", end, PREFIX, why)
    if known is None:
        return _Span(start + begin, start + end, name, None)
    if dtype not in DTYPES:
        why = f"read are {', '.join(DTYPES)}"
        raise UnknownBlockTypeError(blob.name, f"dtype of {name[:80]}", dtype[:40], PREFIX, why, remedy=_REMEDY)
    elements = math.prod(shape)
    if end - begin != elements * DTYPES[dtype].nbytes:
        why = f"{elements:,} elements of {dtype} take {elements * DTYPES[dtype].nbytes:,} bytes"
        raise fail("data_offsets", end - begin, why)
    tensor = TensorInfo(known, DTYPES[dtype], tuple(shape), start + begin, end - begin, part=part)
    return _Span(start + begin, start + end, name, tensor)


def _counts(values: list[object]) -> bool:
    """Return whether these are whole numbers, none of them negative."""
    return all(type(item) is int and item >= 0 for item in values)
