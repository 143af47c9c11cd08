# SPDX-License-Identifier: Apache-2.0
"""The verdict on a file: who vouches, who objects, and what may be parsed."""

import itertools
from typing import Any, get_args

import pytest

from taleproof.errors import DigestMismatchError, NotAcceptedError, RevokedError
from taleproof.trust.digest import Digests, Expected
from taleproof.trust.registry import RegistryAnswer, Status
from taleproof.trust.verdict import Judged, decide, overall


HERE = Digests("aa" * 32, "bb" * 32, 1000)
RIGHT = Expected("AA" * 32, "bb" * 32, 1000)
WRONG = Expected("cc" * 32)


def answer(status: Status, expected: Expected | None = None) -> RegistryAnswer:
    return RegistryAnswer(
        status,
        expected,
        chain="chain-1",
        application="app-2",
        block=77,
        as_of="2026-11-01T00:00:00Z",
        reason="it was poisoned",
    )


def test_pinned() -> None:
    verdict = decide(HERE, RIGHT)
    assert verdict.kind == "pinned"
    assert verdict.usable()
    verdict.require_usable("m")


def test_unverified_is_used_only_for_the_bytes_that_were_accepted() -> None:
    verdict = decide(HERE)
    assert verdict.kind == "unverified"
    assert verdict.expected is None
    assert not verdict.usable()
    assert not verdict.usable("dd" * 32)
    assert verdict.usable("AA" * 32)
    with pytest.raises(NotAcceptedError, match="aaaa"):
        verdict.require_usable("m")
    verdict.require_usable("m", HERE.sha256)


@pytest.mark.parametrize(
    ("expected", "what"),
    [
        (WRONG, "SHA-256"),
        (Expected(HERE.sha256, "00" * 32), "SHA3-256"),
        (Expected(HERE.sha256, size=999), "size"),
    ],
)
def test_refused(expected: Expected, what: str) -> None:
    verdict = decide(HERE, expected)
    assert verdict.kind == "refused"
    assert verdict.expected is expected
    assert what in verdict.sentence
    assert not verdict.usable(HERE.sha256)
    with pytest.raises(DigestMismatchError, match=what):
        verdict.require_usable("m", HERE.sha256)


def test_a_digest_that_was_not_computed_is_not_compared() -> None:
    assert decide(Digests(HERE.sha256, None, 1000), RIGHT).kind == "pinned"


def test_registered_says_where_and_when() -> None:
    verdict = decide(HERE, RIGHT, answer("registered", RIGHT))
    assert verdict.kind == "registered"
    assert verdict.usable()
    for word in ("chain-1", "app-2", "77", "2026-11-01"):
        assert word in verdict.sentence


def test_revoked_is_refused_with_the_reason_whoever_else_vouches() -> None:
    verdict = decide(HERE, RIGHT, answer("revoked"))
    assert verdict.kind == "revoked"
    assert "poisoned" in verdict.sentence
    assert not verdict.usable(HERE.sha256)
    with pytest.raises(RevokedError, match="poisoned"):
        verdict.require_usable("m", HERE.sha256)


@pytest.mark.parametrize("reason", ["It was poisoned.", "It was poisoned", " It was poisoned. "])
def test_a_reason_ends_its_sentence_once(reason: str) -> None:
    verdict = decide(HERE, RIGHT, RegistryAnswer("revoked", reason=reason))
    assert verdict.sentence == "The registry withdrew this file: It was poisoned. It is not used."
    with pytest.raises(RevokedError, match=r"registry: It was poisoned\. Choose"):
        verdict.require_usable("m")


def test_whoever_objects_wins() -> None:
    assert decide(HERE, WRONG, answer("registered", RIGHT)).kind == "refused"
    assert decide(HERE, RIGHT, answer("registered", WRONG)).kind == "refused"


def test_a_registry_that_cannot_be_reached_never_becomes_trust() -> None:
    assert decide(HERE, None, answer("unreachable")).kind == "unverified"
    pinned = decide(HERE, RIGHT, answer("unreachable"))
    assert pinned.kind == "pinned"
    assert "could not be asked" in pinned.sentence


def test_no_case_is_usable_without_a_match_or_an_acceptance() -> None:
    statuses: tuple[Status, ...] = get_args(Status)
    for pinned, status, registered in itertools.product((None, RIGHT, WRONG), statuses, (RIGHT, WRONG)):
        verdict = decide(HERE, pinned, answer(status, registered if status == "registered" else None))
        vouched = pinned is RIGHT or (status == "registered" and registered is RIGHT)
        objected = pinned is WRONG or status == "revoked" or (status == "registered" and registered is WRONG)
        assert verdict.usable() == (vouched and not objected)
        assert verdict.usable(HERE.sha256) == (not objected)


def vouched(status: str = "registered", sha256: str = HERE.sha256) -> dict[str, Any]:
    where = {"chain": "chain-1", "application": "app-2", "block": 77}
    expected = {"sha256": sha256} if status == "registered" else None
    return {"status": status, "expected": expected, "model": "m", "version": 1, "publisher": "0x1", **where}


def test_a_last_answer_tells_its_age_and_why_there_is_no_newer_one() -> None:
    sentence = decide(HERE, RIGHT, answer("registered", RIGHT)).sentence
    assert "That was read at 2026-11-01T00:00:00Z; the registry could not be asked now: it was poisoned" in sentence


def test_what_the_registry_does_not_know_is_pinned_or_unverified() -> None:
    for pinned, kind in ((RIGHT, "pinned"), (None, "unverified")):
        verdict = decide(HERE, pinned, answer("unknown"))
        assert verdict.kind == kind
        assert "does not know it" in verdict.sentence


def test_a_model_is_registered_only_if_each_of_its_files_is() -> None:
    files = {"model": Judged(HERE, RIGHT), "tokenizer": Judged(HERE, RIGHT)}
    both = {"model": vouched(), "tokenizer": vouched()}
    assert overall(files, both).kind == "registered"
    assert overall(files, {**both, "tokenizer": None}).kind == "pinned"
    assert overall(files, {**both, "tokenizer": vouched("unknown")}).kind == "pinned"
    assert overall(files, {**both, "model": None}).kind == "pinned"
    assert overall(files, {**both, "tokenizer": vouched("revoked")}).kind == "revoked"
    assert overall(files, {**both, "tokenizer": vouched(sha256="ee" * 32)}).kind == "refused"
    assert overall(files, {}).registry is None
