# SPDX-License-Identifier: Apache-2.0
"""The bounded cursor: what it reads, and that everything beyond the file or a cap is refused before it is allocated."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taleproof.errors import (
    EmptyFileError,
    FormatError,
    LimitError,
    SourceNotFoundError,
    SourceRefusedError,
    TruncatedFileError,
)
from taleproof.io import reader as module
from taleproof.io.reader import ByteReader, BytesBlob, FileBlob


def reader(data: bytes) -> ByteReader:
    return ByteReader(BytesBlob(data, "some.gguf"))


def packed(*texts: bytes) -> bytes:
    return b"".join(struct.pack("<Q", len(text)) + text for text in texts)


class CountingBlob(BytesBlob):
    """A blob that remembers how much was asked of it."""

    asked = 0

    def read(self, offset: int, length: int) -> memoryview:
        assert 0 <= offset <= offset + length <= self.size
        self.asked += length
        return super().read(offset, length)


def test_numbers_are_little_endian() -> None:
    cursor = reader(struct.pack("<BIiQqf", 200, 2**32 - 1, -5, 2**64 - 1, -6, 0.5))
    assert cursor.u8("a") == 200
    assert cursor.u32("b") == 2**32 - 1
    assert cursor.i32("c") == -5
    assert cursor.u64("d") == 2**64 - 1
    assert cursor.i64("e") == -6
    assert cursor.f32("f") == 0.5
    assert (cursor.left, cursor.position) == (0, 29)


@pytest.mark.parametrize("method", ["u8", "u32", "i32", "u64", "i64", "f32"])
def test_a_number_beyond_the_end(method: str) -> None:
    cursor = reader(b"")
    with pytest.raises(TruncatedFileError) as caught:
        getattr(cursor, method)("the field")
    assert caught.value.details["field"] == "the field"
    assert caught.value.details["offset"] == 0
    assert "some.gguf" in caught.value.message


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(8, 100))
def test_strings_wherever_the_window_ends(texts: list[bytes], window: int) -> None:
    """The window is made small, so that strings and lengths cross its end everywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WINDOW", window)
        cursor = reader(b"x" + packed(*texts) + b"\x07")
        cursor.skip(1, "before")
        assert cursor.strings(len(texts), "texts", 40) == [text.decode("utf-8", "replace") for text in texts]
        assert cursor.u8("after") == 7


@given(st.lists(st.sampled_from(["u8", "u32", "string", "bytes", "skip", "array"]), max_size=30), st.binary())
def test_any_sequence_of_reads_on_any_bytes(steps: list[str], data: bytes) -> None:
    """Either the value is there, or the error is a FormatError; nothing else, and never a byte outside."""
    cursor = ByteReader(CountingBlob(data))
    for step in steps:
        before = cursor.position
        try:
            match step:
                case "string":
                    cursor.string("s", 1000)
                case "bytes":
                    assert len(cursor.bytes(3, "b")) == 3
                case "skip":
                    cursor.skip(2, "k")
                case "array":
                    assert len(cursor.array(np.dtype("<u2"), 2, "a")) == 2
                case _:
                    getattr(cursor, step)("n")
        except FormatError:
            return
        assert before < cursor.position <= len(data)


def test_a_string_longer_than_the_file() -> None:
    with pytest.raises(TruncatedFileError, match="5 are left"):
        reader(struct.pack("<Q", 6) + b"hello").string("name", 100)


def test_a_string_over_its_cap_is_refused_before_it_is_read() -> None:
    blob = CountingBlob(packed(bytes(101)))
    with pytest.raises(LimitError, match="at most 100 bytes"):
        ByteReader(blob).string("name", 100)


def test_a_string_in_an_array_over_its_cap() -> None:
    with pytest.raises(LimitError, match=r"tokens\[1\]"):
        reader(packed(b"good", bytes(101))).strings(2, "tokens", 100)


def test_a_string_in_an_array_longer_than_the_file() -> None:
    with pytest.raises(TruncatedFileError, match=r"tokens\[1\]"):
        reader(packed(b"good") + struct.pack("<Q", 90) + b"short").strings(2, "tokens", 100)


def test_more_strings_than_the_file_can_hold_are_refused_at_once() -> None:
    blob = CountingBlob(bytes(800))
    with pytest.raises(TruncatedFileError, match="tokens"):
        ByteReader(blob).strings(1 << 60, "tokens", 100)
    assert blob.asked == 0


def test_an_array_longer_than_the_file_is_refused_at_once() -> None:
    blob = CountingBlob(bytes(800))
    with pytest.raises(TruncatedFileError, match="scores"):
        ByteReader(blob).array(np.dtype("<f8"), 1 << 61, "scores")
    assert blob.asked == 0


def test_an_array_larger_than_the_window() -> None:
    numbers = np.arange(module.WINDOW // 4 + 10, dtype="<u4")
    cursor = reader(numbers.tobytes() + b"\x09")
    assert np.array_equal(cursor.array(numbers.dtype, len(numbers), "numbers"), numbers)
    assert cursor.u8("after") == 9


def test_many_small_arrays_do_not_read_the_file_again_and_again() -> None:
    blob = CountingBlob(bytes(100_000))
    cursor = ByteReader(blob)
    while cursor.left:
        cursor.array(np.dtype("<u1"), 10, "bytes")
    assert blob.asked == blob.size


def test_the_memory_of_all_values_together_has_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEADER_MEMORY_BUDGET", 10_000)
    cursor = reader(bytes(8 * 2000))
    with pytest.raises(LimitError, match="10,000 bytes of memory"):
        cursor.strings(2000, "tokens", 100)


def test_broken_text_becomes_replacement_characters_or_is_refused() -> None:
    assert reader(packed(b"a\xff")).string("text", 10) == "a\N{REPLACEMENT CHARACTER}"
    with pytest.raises(FormatError, match="not UTF-8"):
        reader(packed(b"a\xff")).string("name", 10, strict=True)


def test_a_reader_can_begin_anywhere() -> None:
    cursor = ByteReader(BytesBlob(b"abcd"), 2)
    assert (cursor.position, cursor.bytes(2, "rest")) == (2, b"cd")


def test_a_blob_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"0123456789")
    blob = FileBlob(path)
    assert (blob.name, blob.size, bytes(blob.read(2, 3))) == ("model.bin", 10, b"234")


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"absent\.bin"):
        FileBlob(tmp_path / "absent.bin")
    with pytest.raises(SourceRefusedError):
        FileBlob(tmp_path)
    (tmp_path / "empty.bin").touch()
    with pytest.raises(EmptyFileError):
        FileBlob(tmp_path / "empty.bin")
