# SPDX-License-Identifier: Apache-2.0
"""The errors as a family: codes that a script can rely on, sentences that a person can."""

import json
import re

import pytest

from taleproof import errors
from taleproof.errors import FormatError, TaleproofError


CLASSES = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TaleproofError)),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_a_code_of_its_own_and_says_what_it_is(kind: type[TaleproofError]) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.code)
    assert [other.__name__ for other in CLASSES if other.code == kind.code] == [kind.__name__]
    assert kind.__doc__


def test_a_format_error_names_the_file_the_field_the_value_the_offset_and_the_remedy() -> None:
    error = FormatError("my.gguf", "tensor count", 7, 123456, "this is too few")
    for part in ("my.gguf", "tensor count", "7", "123,456", "this is too few", FormatError.remedy):
        assert part in error.message


@pytest.mark.parametrize("value", ["x" * 10_000, 2**64, [1] * 5000, "a\nb", "\ud800", b"\xff" * 500])
def test_hostile_values_are_shown_in_one_short_line_of_plain_text(value: object) -> None:
    error = FormatError("my.gguf", "a field", value, None, "it is wrong")
    assert len(error.message) < 400
    assert error.message.isprintable()
    assert json.loads(json.dumps(error.details)) == error.details
    assert len(json.dumps(error.details)) < 500


@pytest.mark.parametrize("field", ["n" * 5000, "a\nb\x1b[31m"])
def test_hostile_names_are_shown_in_one_short_line_too(field: str) -> None:
    error = FormatError(field, f"offset of {field}", 1, None, f"it overlaps with {field}")
    assert len(error.message) < 800
    assert error.message.isprintable()
