"""The verdict on a file: who vouches, who objects, and what may be parsed."""

import itertools
from typing import Literal

import pytest

from taleproof.digest import Digests
from taleproof.errors import DigestMismatchError, NotAcceptedError, RevokedError
from taleproof.verify import Expected, RegistryAnswer, decide


HERE = Digests("aa" * 32, "bb" * 32, 1000)
RIGHT = Expected("AA" * 32, "bb" * 32, 1000)
WRONG = Expected("cc" * 32)


def answer(
    status: Literal["registered", "revoked", "unknown", "unreachable"], expected: Expected | None = None
) -> RegistryAnswer:
    return RegistryAnswer(status, expected, "chain-1", "app-2", 77, "2026-11-01T00:00:00Z", "it was poisoned")


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


def test_whoever_objects_wins() -> None:
    assert decide(HERE, WRONG, answer("registered", RIGHT)).kind == "refused"
    assert decide(HERE, RIGHT, answer("registered", WRONG)).kind == "refused"


def test_a_registry_that_cannot_be_reached_never_becomes_trust() -> None:
    assert decide(HERE, None, answer("unreachable")).kind == "unverified"
    pinned = decide(HERE, RIGHT, answer("unreachable"))
    assert pinned.kind == "pinned"
    assert "could not be reached" in pinned.sentence


def test_no_case_is_usable_without_a_match_or_an_acceptance() -> None:
    statuses: tuple[Literal["registered", "revoked", "unknown", "unreachable"], ...]
    statuses = ("registered", "revoked", "unknown", "unreachable")
    for pinned, status, registered in itertools.product((None, RIGHT, WRONG), statuses, (RIGHT, WRONG)):
        verdict = decide(HERE, pinned, answer(status, registered if status == "registered" else None))
        vouched = pinned is RIGHT or (status == "registered" and registered is RIGHT)
        objected = pinned is WRONG or status == "revoked" or (status == "registered" and registered is WRONG)
        assert verdict.usable() == (vouched and not objected)
        assert verdict.usable(HERE.sha256) == (not objected)
