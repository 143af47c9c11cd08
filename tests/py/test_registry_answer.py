# SPDX-License-Identifier: Apache-2.0
"""The registry's answer from JSON: what is taken, and that anything else counts for nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from taleproof.errors import RegistryAnswerError
from taleproof.trust.digest import Expected
from taleproof.trust.registry import read_answer, read_answer_file


WHOLE: dict[str, Any] = {
    "status": "registered",
    "expected": {"sha256": "aa" * 32, "sha3_256": "bb" * 32, "size": 1000},
    "model": "tiny",
    "version": 2,
    "publisher": "0x" + "1" * 40,
    "chain": "c" * 64,
    "application": "d" * 64,
    "block": 7,
    "as_of": None,
    "reason": "",
}


def test_whole_answer() -> None:
    answer = read_answer(WHOLE)
    assert (answer.status, answer.model, answer.version, answer.block) == ("registered", "tiny", 2, 7)
    assert answer.expected == Expected("aa" * 32, "bb" * 32, 1000)
    assert answer.as_of is None


@pytest.mark.parametrize("status", ["unknown", "unreachable", "revoked"])
def test_answers_that_do_not_vouch_may_be_short(status: str) -> None:
    assert read_answer({"status": status, "reason": "because"}).reason == "because"


@pytest.mark.parametrize("field", ["expected", "model", "version", "publisher", "chain", "application", "block"])
@pytest.mark.parametrize("missing", ["absent", "null"])
def test_registered_needs_all_that_says_where_and_by_whom(field: str, missing: str) -> None:
    short = {key: value for key, value in WHOLE.items() if key != field or missing == "null"}
    if missing == "null":
        short[field] = None
    with pytest.raises(RegistryAnswerError, match=field):
        read_answer(short)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "Registered"}, "status"),
        ({"status": None}, "status"),
        ({"status": ["registered"]}, "status"),
        ({"expected": "aa" * 32}, "expected"),
        ({"expected": {}}, "sha256"),
        ({"expected": {"sha256": "AA" * 32}}, "sha256"),
        ({"expected": {"sha256": "aa" * 31}}, "sha256"),
        ({"expected": {"sha256": "aa" * 32 + "\n"}}, "sha256"),
        ({"expected": {"sha256": "aa" * 32, "sha3_256": 5}}, "sha3_256"),
        ({"expected": {"sha256": "aa" * 32, "size": -1}}, "size"),
        ({"expected": {"sha256": "aa" * 32, "sha512": "x"}}, "sha512"),
        ({"version": True}, "version"),
        ({"version": "2"}, "version"),
        ({"block": 1.5}, "block"),
        ({"block": 1 << 53}, "block"),
        ({"publisher": 7}, "publisher"),
        ({"reason": "x" * 10_001}, "reason"),
        ({"trusted": True}, "trusted"),
    ],
)
def test_another_shape_is_an_error_and_never_a_tick(change: dict[str, Any], field: str) -> None:
    with pytest.raises(RegistryAnswerError, match=field):
        read_answer({**WHOLE, **change})


@pytest.mark.parametrize("value", [None, [], "registered", 1, True])
def test_what_is_no_object(value: Any) -> None:
    with pytest.raises(RegistryAnswerError, match="not an object"):
        read_answer(value)


def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(WHOLE))
    assert read_answer_file(path) == read_answer(WHOLE)
    for text in ("", "{", "[" * 100_000):
        path.write_text(text)
        with pytest.raises(RegistryAnswerError, match="not JSON"):
            read_answer_file(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RegistryAnswerError, match="not JSON"):
        read_answer_file(path)
    with pytest.raises(RegistryAnswerError, match="cannot be read"):
        read_answer_file(tmp_path)
