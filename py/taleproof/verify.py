"""The verdict on a file: what is known about its bytes, from the catalogue, the registry and its digests.

In come what was expected (the site's catalogue, the registry on chain) and what was computed; out goes a
Verdict. The decision is a pure function: no clock, no network, nothing remembered. A failure to ask is never
turned into trust.
"""

from dataclasses import dataclass
from typing import Literal

from .digest import Digests
from .errors import DigestMismatchError, NotAcceptedError, RevokedError


Kind = Literal["registered", "pinned", "unverified", "refused", "revoked"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody vouches for. What they don't say is None."""

    sha256: str
    sha3_256: str | None = None
    size: int | None = None

    def mismatch(self, actual: Digests) -> tuple[str, str, str] | None:
        """Return what differs first, as (what, expected, actual); None if nothing does."""
        if self.sha256.lower() != actual.sha256:
            return "SHA-256", self.sha256.lower(), actual.sha256
        if self.sha3_256 is not None and actual.sha3_256 is not None and self.sha3_256.lower() != actual.sha3_256:
            return "SHA3-256", self.sha3_256.lower(), actual.sha3_256
        if self.size is not None and self.size != actual.size:
            return "size", f"{self.size:,} bytes", f"{actual.size:,} bytes"
        return None


@dataclass(frozen=True, slots=True)
class RegistryAnswer:
    """What the registry on chain says about a file.

    Attributes
    ----------
    status : "registered" and "revoked" are the registry's word; "unknown" means that it has no such file,
        "unreachable"
        that it could not be asked.
    expected : the registered digests, for "registered".
    chain, application, block : where the answer stands.
    as_of : when it was read, as an ISO 8601 time, if it is not fresh.
    reason : why it was withdrawn, for "revoked".
    """

    status: Literal["registered", "revoked", "unknown", "unreachable"]
    expected: Expected | None = None
    chain: str = ""
    application: str = ""
    block: int | None = None
    as_of: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known about a file, with a sentence for the person."""

    kind: Kind
    expected: Expected | None
    actual: Digests
    sentence: str
    registry: RegistryAnswer | None = None

    def usable(self, accepted_sha256: str | None = None) -> bool:
        """Say whether the file may be parsed; an unverified one if the person accepted these bytes."""
        if self.kind == "unverified":
            return accepted_sha256 is not None and accepted_sha256.lower() == self.actual.sha256
        return self.kind in ("registered", "pinned")

    def require_usable(self, name: str, accepted_sha256: str | None = None) -> None:
        """Raise the error that says why the file may not be parsed; do nothing where it may."""
        difference = self.expected.mismatch(self.actual) if self.expected is not None else None
        if difference is not None:
            what, expected, actual = difference
            raise DigestMismatchError(name, expected, actual, what)
        if self.kind == "revoked":
            raise RevokedError(name, self.actual.sha256, self.registry.reason if self.registry else "")
        if not self.usable(accepted_sha256):
            raise NotAcceptedError(name, self.actual.sha256)


def decide(actual: Digests, pinned: Expected | None = None, registry: RegistryAnswer | None = None) -> Verdict:
    """Return the verdict on a file.

    Whoever objects wins over whoever vouches: a revocation first, then any digest that differs. Then the
    registry's word stands above the catalogue's.

    Parameters
    ----------
    actual : computed from every byte of the file.
    pinned : what the site's catalogue says; None for a file of the person's own.
    registry : what the registry says; None where it was not asked.
    """
    asked = registry or RegistryAnswer("unknown")
    registered = asked.expected if asked.status == "registered" else None
    if asked.status == "revoked":
        why = f": {asked.reason}" if asked.reason else ""
        sentence = f"The registry withdrew this file{why}. It is not used."
        return Verdict("revoked", asked.expected, actual, sentence, registry)
    for expected, who in ((registered, "registry"), (pinned, "catalogue")):
        difference = expected.mismatch(actual) if expected is not None else None
        if difference is not None:
            what, wanted, found = difference
            sentence = (
                f"These are not the bytes that the {who} names: their {what} is {found}, not {wanted}. "
                "They were dropped."
            )
            return Verdict("refused", expected, actual, sentence, registry)
    if registered is not None:
        return Verdict("registered", registered, actual, _registered(asked), registry)
    note = " The registry could not be reached, so it was not asked." if asked.status == "unreachable" else ""
    if pinned is not None:
        return Verdict("pinned", pinned, actual, f"Every byte is as this site's catalogue says.{note}", registry)
    sentence = f"Nobody vouches for this file. Compare its SHA-256 with one from a source that you trust.{note}"
    return Verdict("unverified", None, actual, sentence, registry)


def _registered(answer: RegistryAnswer) -> str:
    block = "" if answer.block is None else f", block {answer.block}"
    when = "" if answer.as_of is None else f" as of {answer.as_of}"
    return f"Every byte is as registered on chain {answer.chain}, application {answer.application}{block}{when}."
