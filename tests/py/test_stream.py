# SPDX-License-Identifier: Apache-2.0
"""TextStream: whatever way the bytes are cut, whole characters come out, and nothing is lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taleproof.tokenizers import TextStream


def streamed(data: bytes, cuts: list[int]) -> list[str]:
    """Return what each push, and then finish, gave for data cut at these places."""
    stream, edges = TextStream(), sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [*(stream.push(data[a:b]) for a, b in pairwise(edges)), stream.finish()]


@given(text=st.text(), cuts=st.lists(st.integers(0, 1000)))
def test_text_comes_out_whole_however_it_is_cut(text: str, cuts: list[int]) -> None:
    parts = streamed(text.encode(), cuts)
    assert "".join(parts) == text
    assert "\ufffd" not in "".join(parts).replace(text, "", 1)


@given(data=st.binary(), cuts=st.lists(st.integers(0, 1000)))
def test_any_bytes_come_out_as_decoding_them_at_once_gives(data: bytes, cuts: list[int]) -> None:
    assert "".join(streamed(data, cuts)) == data.decode("utf-8", "replace")


def test_half_a_character_waits() -> None:
    stream = TextStream()
    assert [stream.push(bytes([byte])) for byte in "é漢🙂!".encode()] == ["", "é", "", "", "漢", "", "", "", "🙂", "!"]
    assert stream.finish() == ""


@pytest.mark.parametrize("data", [b"\xff", b"\xc0", b"\xf5", b"\x80", b"\xf8"])
def test_a_byte_that_begins_no_character_does_not_wait(data: bytes) -> None:
    assert TextStream().push(b"a" + data) == "a\ufffd"


@pytest.mark.parametrize("data", [b"\xe6a", b"\xf0\x9fa", b"\xe0\x80", b"\xf4\x90"])
def test_a_character_that_can_no_longer_be_completed_does_not_wait(data: bytes) -> None:
    assert TextStream().push(data) == data.decode("utf-8", "replace")


def test_what_waits_at_the_end_is_one_replacement_character() -> None:
    stream = TextStream()
    assert stream.push("🙂".encode()[:3]) == ""
    assert stream.finish() == "\ufffd"
    assert stream.push(b"again") == "again"


def test_half_a_flag_waits_for_its_other_half() -> None:
    stream = TextStream()
    flags = "🇫🇷🇩🇪"
    assert [stream.push(letter.encode()) for letter in flags] == ["", "🇫🇷", "", "🇩🇪"]
    assert stream.push("🇫".encode()) == ""
    assert stream.push(b"!") == "🇫!"
    assert stream.push(("🇫🇷" * 3 + "🇩").encode()) == "🇫🇷" * 3
    assert stream.finish() == "🇩"


def test_a_joiner_waits_for_what_it_joins() -> None:
    stream = TextStream()
    assert stream.push("👩\u200d".encode()) == "👩"
    assert stream.push("👧".encode()) == "\u200d👧"
    assert stream.push("\u200d".encode()) == ""
    assert stream.finish() == "\u200d"
