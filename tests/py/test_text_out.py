# SPDX-License-Identifier: Apache-2.0
"""What may be shown: stop strings in a text that comes in pieces of any size."""

from hypothesis import given
from hypothesis import strategies as st

from taleproof.tasks.text_out import StopScanner


LETTERS = st.text(alphabet="ab", max_size=30)


@given(LETTERS, st.lists(st.text(alphabet="ab", min_size=1, max_size=4), max_size=3), st.integers(1, 5))
def test_pieces_of_any_size_show_what_is_before_the_first_stop_string(text: str, stops: list[str], size: int) -> None:
    scanner, shown, found = StopScanner(stops), "", False
    for start in range(0, len(text), size):
        piece, found = scanner.push(text[start : start + size])
        shown += piece
        if found:
            break
    shown += scanner.finish()
    starts = [text.find(stop) for stop in stops if stop in text]
    assert found == bool(starts)
    if size == 1 or not starts:
        # Letter by letter, the stop string that ends first is met first; it need not be the one that begins first.
        ends = [text.find(stop) + len(stop) for stop in stops if stop in text]
        first_end = min(ends, default=len(text))
        expected = min((text[:first_end].find(s) for s in stops if s in text[:first_end]), default=len(text))
        assert shown == text[:expected]


def test_holds_back_no_more_than_could_begin_a_stop_string() -> None:
    scanner = StopScanner(["\n\nThe"])
    assert scanner.push("one\n") == ("one", False)
    assert scanner.push("\nT") == ("", False)
    assert scanner.push("wo") == ("\n\nTwo", False)
    assert scanner.finish() == ""


def test_what_was_shown_is_not_shown_again() -> None:
    scanner = StopScanner(["abab"])
    scanner.prime("xaba")
    assert scanner.push("c") == ("c", False)
    scanner.prime("ab")
    assert scanner.push("a") == ("", False)
    assert scanner.push("c") == ("ac", False)
    scanner.prime("aba")
    assert scanner.push("bx") == ("", True)
    assert scanner.finish() == ""


def test_empty_stop_strings_mean_nothing() -> None:
    assert StopScanner([""]).push("text") == ("text", False)
