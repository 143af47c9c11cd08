# SPDX-License-Identifier: Apache-2.0
"""GGUF: one test for each thing that is refused, and files cut and changed anywhere."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures import gguf_writer as writer
from fixtures.gguf_writer import Tensor, header, pairs, string, write
from fixtures.make import SHAPE, hostile, model_keys
from taleproof.errors import (
    ExtendedFileError,
    FormatError,
    LimitError,
    TruncatedFileError,
    UnknownBlockTypeError,
    UnsupportedVersionError,
)
from taleproof.formats import ModelFile, parse
from taleproof.formats.gguf import read as gguf
from taleproof.io import reader as reader_module
from taleproof.io.reader import BytesBlob


F32 = 0
LLAMA: dict[str, Any] = {"general.architecture": "llama"}
ROW = bytes(4 * 8)  # a tensor of 8 weights in F32


def parsed(data: bytes) -> ModelFile:
    return parse(BytesBlob(data, "model.gguf"))


def refused(data: bytes, kind: type[FormatError] = FormatError, match: str | None = None) -> FormatError:
    """Parse what must be refused, and return the error: just of the given kind."""
    with pytest.raises(kind, match=match) as caught:
        parsed(data)
    assert type(caught.value) is kind
    assert caught.value.details["file"] == "model.gguf"
    return caught.value


def with_key(key: str, packed_value: bytes) -> bytes:
    """Return a file with one more key, whose value is given as it is in the file."""
    return header(0, 2) + pairs(LLAMA) + string(key) + packed_value


def with_tensors(*tensors: Tensor, **keys: Any) -> bytes:
    return write(LLAMA | {f"general.{key}": value for key, value in keys.items()}, tensors)


def u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def u64(number: int) -> bytes:
    return number.to_bytes(8, "little")


@pytest.mark.parametrize("name", hostile())
def test_hostile_files(name: str) -> None:
    data, code = hostile()[name]
    with pytest.raises(FormatError) as caught:
        parse(BytesBlob(data, name))
    assert caught.value.code == code
    assert name in caught.value.message


@pytest.mark.parametrize("version", [0, 4, 0x04000000, 0x00030003])
def test_other_versions(version: int) -> None:
    refused(b"GGUF" + u32(version) + bytes(16), UnsupportedVersionError, "version")


def test_too_many_tensors() -> None:
    refused(header(gguf.MAX_TENSORS + 1, 0), LimitError, "tensor count")


def test_too_many_keys() -> None:
    refused(header(0, gguf.MAX_KEYS + 1), LimitError, "metadata count")


def test_more_keys_than_the_file_has() -> None:
    refused(header(0, 3) + pairs(LLAMA), TruncatedFileError, "name of key 1")


def test_a_key_that_is_too_long() -> None:
    refused(header(0, 1) + string("k" * (gguf.MAX_NAME_BYTES + 1)) + u32(0), LimitError, "name of key 0")


def test_a_key_without_a_name() -> None:
    refused(with_key("", u32(7) + b"\1"), match="name")


def test_a_key_that_comes_twice() -> None:
    refused(with_key("general.architecture", writer.value("gemma")), match="only once")


def test_a_key_that_is_not_utf8() -> None:
    refused(header(0, 1) + string(b"\xff\xfe") + u32(7) + b"\1", match="UTF-8")


def test_an_unknown_value_type() -> None:
    refused(with_key("k", u32(13)), match="value types 0 to 12")


def test_an_unknown_element_type() -> None:
    refused(with_key("k", u32(9) + u32(99) + u64(0)), match="value types 0 to 12")


def test_a_truth_value_of_2() -> None:
    refused(with_key("k", u32(7) + b"\2"), match="0 or 1")
    refused(with_key("k", u32(9) + u32(7) + u64(3) + b"\0\1\2"), match="0 or 1")


def test_a_text_that_is_too_long() -> None:
    refused(with_key("k", u32(8) + u64(gguf.MAX_TEXT_BYTES + 1)), LimitError, "8,388,608 bytes")


def test_a_text_that_is_longer_than_the_file() -> None:
    error = refused(with_key("k", u32(8) + u64(1000) + b"short"), TruncatedFileError)
    assert error.details["value"] == 1000


def test_an_array_of_too_many_numbers() -> None:
    refused(with_key("k", u32(9) + u32(0) + u64(gguf.MAX_ARRAY_ITEMS + 1)), LimitError, "numbers")


def test_an_array_of_too_many_truth_values() -> None:
    refused(with_key("k", u32(9) + u32(7) + u64(gguf.MAX_ARRAY_ITEMS + 1)), LimitError, "truth values")


def test_an_array_of_too_many_texts() -> None:
    refused(with_key("k", u32(9) + u32(8) + u64(gguf.MAX_ARRAY_TEXTS + 1)), LimitError, "strings")


def test_a_token_that_is_too_long() -> None:
    array = u32(9) + u32(8) + u64(1) + u64(gguf.MAX_TOKEN_BYTES + 1)
    refused(with_key("k", array + bytes(gguf.MAX_TOKEN_BYTES + 1)), LimitError, r"k\[0\]")


def test_an_array_of_too_many_arrays() -> None:
    refused(with_key("k", u32(9) + u32(9) + u64(gguf.MAX_NESTED_ARRAYS + 1)), LimitError, "arrays in an array")


def test_arrays_of_arrays_that_multiply() -> None:
    """Each count is within its cap, all together are not."""
    inner = u32(9) + u64(gguf.MAX_NESTED_ARRAYS // 2) + (u32(0) + u64(0)) * (gguf.MAX_NESTED_ARRAYS // 2)
    refused(with_key("k", u32(9) + u32(9) + u64(3) + inner * 3), LimitError, "arrays in an array")


def test_arrays_that_are_nested_too_deeply() -> None:
    refused(with_key("k", u32(9) + (u32(9) + u64(1)) * 5000 + u32(0) + u64(0)), LimitError, "depth")


def test_a_header_that_takes_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "HEADER_MEMORY_BUDGET", 100_000)
    refused(write(LLAMA | {f"k{i}": "text" for i in range(1000)}, []), LimitError, "memory")


def test_what_is_refused_for_its_memory_has_not_taken_it(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = 4 << 20
    monkeypatch.setattr(reader_module, "HEADER_MEMORY_BUDGET", budget)
    data = write(LLAMA | {"tokens": ["ab"] * 200_000}, [])  # would take 12 MB
    tracemalloc.start()
    try:
        refused(data, LimitError, "memory")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A window of the file is held, and the strings in it are made before they are counted.
    strings_in_a_window = reader_module.WINDOW // len(writer.string("ab")) * 64
    assert peak < budget + reader_module.WINDOW + strings_in_a_window


@pytest.mark.parametrize("alignment", [0, 4, 12, 24, gguf.MAX_ALIGNMENT * 2, "32", True])
def test_an_impossible_alignment(alignment: Any) -> None:
    refused(header(0, 2) + pairs(LLAMA | {"general.alignment": alignment}), match="power of two")


@pytest.mark.parametrize("architecture", [{}, {"general.architecture": 5}])
def test_no_architecture(architecture: dict[str, Any]) -> None:
    refused(write(architecture | {"k": 1}, []), match="general.architecture")


def test_a_tensor_name_that_is_too_long() -> None:
    refused(with_tensors(Tensor("n" * 1025, F32, (8,), ROW)), LimitError, "name of tensor 0")


def test_a_tensor_without_a_name() -> None:
    refused(with_tensors(Tensor("", F32, (8,), ROW)), match="has a name")


def test_a_tensor_that_comes_twice() -> None:
    refused(with_tensors(Tensor("a", F32, (8,), ROW), Tensor("a", F32, (8,), ROW)), match="comes twice")


@pytest.mark.parametrize("shape", [(), (0,), (4, 0), (1 << 49,), (1 << 33, 1 << 33), (1 << 63, 2, 2)])
def test_sizes_that_are_nothing_or_wrap(shape: tuple[int, ...]) -> None:
    refused(with_tensors(Tensor("a", F32, shape, ROW)), match="elements")


def test_five_dimensions() -> None:
    refused(with_tensors(Tensor("a", F32, (1, 1, 1, 1, 8), ROW)), LimitError, "dimensions")


def test_a_row_that_is_not_whole_blocks() -> None:
    refused(with_tensors(Tensor("a", 12, (2, 128), bytes(144))), match="multiple of 256")


@pytest.mark.parametrize(("number", "name"), [(4, "Q4_2"), (31, "Q4_0_4_4"), (38, "IQ4_NL_8_8"), (1000, "1000")])
def test_a_block_type_that_cannot_be_decoded_is_named(number: int, name: str) -> None:
    refused(with_tensors(Tensor("a", number, (256,), bytes(256))), UnknownBlockTypeError, name)


def test_a_tensor_that_is_not_aligned() -> None:
    refused(with_tensors(Tensor("a", F32, (8,), ROW, offset=4)), match="alignment")


@pytest.mark.parametrize("offset", [32, 1 << 40, (1 << 64) - 32])
def test_a_tensor_outside_the_file(offset: int) -> None:
    refused(with_tensors(Tensor("a", F32, (8,), ROW, offset=offset)), TruncatedFileError, "would end at")


def test_tensors_that_overlap() -> None:
    big = Tensor("big", F32, (16,), bytes(64))
    refused(with_tensors(big, Tensor("inside", F32, (8,), ROW, offset=32)), match="overlap with those of big")


def test_bytes_after_the_last_tensor() -> None:
    refused(with_tensors(Tensor("a", F32, (8,), ROW)) + b"x", ExtendedFileError, "after a")
    refused(write(LLAMA, []) + bytes(64), ExtendedFileError, "after the header")


def test_the_padding_after_the_last_tensor_may_be_absent() -> None:
    whole = with_tensors(Tensor("a", F32, (3,), bytes(12)))
    assert list(parsed(whole[:-20]).tensors) == ["a"]
    refused(whole[:-21], TruncatedFileError)


def small() -> bytes:
    keys = model_keys(SHAPE) | {"tokenizer.ggml.tokens": ["a", "bc"], "nested": [["x"], ["y"]]}
    return write(keys, [Tensor("a", F32, (8,), ROW), Tensor("b", 8, (16, 32), bytes(544))])


@pytest.mark.parametrize("length", range(0, len(small()), 7))
def test_a_file_cut_anywhere(length: int) -> None:
    with pytest.raises(FormatError):
        parsed(small()[:length])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(small()) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_file_with_any_bytes_changed(changes: list[tuple[int, int]]) -> None:
    """It is read or refused in words; there is no third outcome."""
    data = bytearray(small())
    for offset, byte in changes:
        data[offset] = byte
    try:
        file = parsed(bytes(data))
    except FormatError:
        return
    assert all(info.offset + info.nbytes <= len(data) for info in file.tensors.values())
