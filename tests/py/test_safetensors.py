# SPDX-License-Identifier: Apache-2.0
"""safetensors: what is read, and one test for each rule of the format that a file can break."""

import json
import struct
from typing import Any

import numpy as np
import pytest

from taleproof.errors import ExtendedFileError, FormatError, LimitError, TruncatedFileError, UnknownBlockTypeError
from taleproof.formats.decode import tensor_f32
from taleproof.formats.safetensors import MAX_HEADER, implied_header, read_tensors
from taleproof.io.reader import BytesBlob


def entry(begin: int, end: int, shape: tuple[int, ...] = (2,), dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def framed(header: bytes | str, data: bytes = b"") -> bytes:
    raw = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(raw)) + raw + data


def file(header: dict[str, Any], data: bytes = b"") -> BytesBlob:
    return BytesBlob(framed(json.dumps(header), data), "model.safetensors")


ONE = {"a": entry(0, 8)}


def test_tensors_are_found_where_they_are() -> None:
    header = {
        "b": entry(8, 12, (2, 1), "F16"),
        "__metadata__": {"format": "pt"},
        "a": entry(0, 8),
        "none": entry(12, 12, (0, 3)),
    }
    blob = file(header, np.array([1.5, -2], "<f4").tobytes() + np.array([3, 4], "<f2").tobytes())
    tensors = read_tensors(blob, part=3)
    assert list(tensors) == ["a", "b", "none"]
    assert tensor_f32(blob, tensors["a"]).tolist() == [1.5, -2]
    assert tensor_f32(blob, tensors["b"]).tolist() == [[3], [4]]
    assert (tensors["none"].elements, tensors["a"].part) == (0, 3)


@pytest.mark.parametrize(
    ("dtype", "raw", "expected"),
    [
        ("F32", struct.pack("<f", 0.1), 0.1),
        ("F16", b"\x00\x3e", 1.5),
        ("BF16", b"\xc0\x3f", 1.5),
        ("F8_E4M3", b"\x08", 2.0**-6),
        ("F8_E4M3", b"\x01", 2.0**-9),
        ("F8_E4M3", b"\xfe", -448.0),
        ("F8_E5M2", b"\x7b", 57344.0),
        ("F8_E5M2", b"\x81", -(2.0**-16)),
        ("I8", b"\xff", -1.0),
        ("U8", b"\xff", 255.0),
        ("I64", struct.pack("<q", -3), -3.0),
        ("I32", struct.pack("<i", -3), -3.0),
        ("I16", struct.pack("<h", -3), -3.0),
        ("F64", struct.pack("<d", 0.1), 0.1),
    ],
)
def test_each_type_is_decoded(dtype: str, raw: bytes, expected: float) -> None:
    blob = file({"a": entry(0, len(raw), (1,), dtype)}, raw)
    assert tensor_f32(blob, read_tensors(blob)["a"])[0] == np.float32(expected)


def test_eight_bit_floats_that_are_no_numbers() -> None:
    blob = file({"a": entry(0, 2, (2,), "F8_E4M3"), "b": entry(2, 4, (2,), "F8_E5M2")}, b"\x7f\xff\x7c\x7f")
    tensors = read_tensors(blob)
    assert np.isnan(tensor_f32(blob, tensors["a"])).all()
    assert tensor_f32(blob, tensors["b"])[0] == np.inf


@pytest.mark.parametrize("dtype", ["BOOL", "I32", "F64", "U16", "F8_E8M0", "F4", "something new"])
def test_a_tensor_that_is_not_needed_may_be_of_any_type(dtype: str) -> None:
    header = {"a": entry(0, 8), "unneeded": entry(8, 11, (5,), dtype), "b": entry(11, 19)}
    names = {"a": "A", "b": "B", "unneeded": None}
    blob = file(header, bytes(19))
    assert list(read_tensors(blob, known_as=names.get)) == ["A", "B"]
    with pytest.raises(FormatError):
        read_tensors(blob)
    with pytest.raises(FormatError, match="data_offsets of b"):  # its bytes are still its own
        read_tensors(file(header | {"unneeded": entry(8, 10, (5,), dtype)}, bytes(19)), known_as=names.get)


def test_the_advice_for_a_type_that_is_not_read_fits_the_format() -> None:
    with pytest.raises(UnknownBlockTypeError, match="Choose the same model in BF16, F16 or F32") as refused:
        read_tensors(file({"a": entry(0, 2, (2,), "BOOL")}, bytes(2)))
    assert "Q4_K_M" not in refused.value.message


def test_two_tensors_that_are_known_by_one_name() -> None:
    with pytest.raises(FormatError, match="two tensors of this name"):
        read_tensors(file({"a": entry(0, 8), "b": entry(8, 16)}, bytes(16)), known_as=lambda name: "c")


def test_a_header_may_end_in_spaces() -> None:
    blob = BytesBlob(framed(json.dumps(ONE) + "     ", bytes(8)), "m")
    assert list(read_tensors(blob)) == ["a"]


@pytest.mark.parametrize(
    ("header", "data", "kind", "match"),
    [
        ({"a": entry(0, 8), "b": entry(4, 12)}, bytes(12), FormatError, "one after the other"),
        ({"a": entry(0, 8), "b": entry(9, 17)}, bytes(17), FormatError, "one after the other"),
        ({"a": entry(1, 9)}, bytes(9), FormatError, "one after the other"),
        (ONE, bytes(9), ExtendedFileError, "last tensor ends"),
        (ONE, bytes(7), TruncatedFileError, "the data has 7 bytes"),
        ({}, b"x", ExtendedFileError, "last tensor ends"),
        ({"a": entry(0, 8, (3,))}, bytes(8), FormatError, "take 12 bytes"),
        ({"a": entry(8, 0)}, bytes(8), FormatError, "the smaller one first"),
        ({"a": entry(-8, 0)}, bytes(8), FormatError, "two whole numbers"),
        ({"a": entry(0, 8, (-2,))}, bytes(8), FormatError, "whole numbers from 0 on"),
        ({"a": entry(0, 8, (2**40, 2**40))}, bytes(8), FormatError, "at most"),
        ({"a": entry(0, 8, (1,) * 9)}, bytes(8), FormatError, "up to 8"),
        ({"a": {**entry(0, 8), "shape": [2.0]}}, bytes(8), FormatError, "whole numbers"),
        ({"a": {**entry(0, 8), "shape": [True, 2]}}, bytes(8), FormatError, "whole numbers"),
        ({"a": {**entry(0, 8), "more": 1}}, bytes(8), FormatError, "nothing else"),
        ({"a": {"dtype": "F32", "shape": [2]}}, bytes(8), FormatError, "nothing else"),
        ({"a": [1]}, bytes(8), FormatError, "nothing else"),
        ({"a": entry(0, 8, dtype="F33")}, bytes(8), UnknownBlockTypeError, "read are"),
        ({"a": {**entry(0, 8), "dtype": 7}}, bytes(8), FormatError, "a text is expected"),
        ({"": entry(0, 8)}, bytes(8), FormatError, "1 to"),
        ({"__metadata__": {"a": 1}}, b"", FormatError, "texts by their names"),
        ({"__metadata__": []}, b"", FormatError, "texts by their names"),
    ],
)
def test_what_breaks_a_rule_is_refused(
    header: dict[str, Any], data: bytes, kind: type[FormatError], match: str
) -> None:
    with pytest.raises(kind, match=match) as caught:
        read_tensors(file(header, data))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("raw", "kind", "match"),
    [
        (b"1234567", TruncatedFileError, "7 bytes"),
        (struct.pack("<Q", 2**63) + b"{}", TruncatedFileError, "2 bytes follow"),
        (struct.pack("<Q", MAX_HEADER + 1) + b" " * (MAX_HEADER + 1), LimitError, "at most"),
        (framed("[]"), FormatError, "an object"),
        (framed("{"), FormatError, "not JSON"),
        (framed(b'{"\xff": 1}'), FormatError, "not UTF-8"),
        (framed('{"a": {"x": 1, "x": 2}}'), FormatError, "stands twice"),
        (framed('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"), FormatError, "nested deeper"),
        (framed('{"a": ' + "1" * 5000 + "}"), FormatError, "not JSON"),
        (framed('{"a": NaN}'), FormatError, "no number of JSON"),
    ],
)
def test_a_header_that_is_none_is_refused(raw: bytes, kind: type[FormatError], match: str) -> None:
    with pytest.raises(kind, match=match):
        read_tensors(BytesBlob(raw, "m"))


def test_it_is_told_by_its_length_and_the_first_brace() -> None:
    assert implied_header(file(ONE, bytes(8))) is not None
    for raw in (b"", framed("[]"), framed("{}")[:9], struct.pack("<Q", 1 << 40) + b"{}"):
        assert implied_header(BytesBlob(raw, "m")) is None
