# SPDX-License-Identifier: Apache-2.0
"""The verdict on a file: what is known about its bytes, from the catalogue, the registry and its digests.

In come what was expected (the site's catalogue, the registry on chain) and what was computed; out goes a
Verdict. The decision is a pure function: no clock, no network, nothing remembered. A failure to ask is never
turned into trust.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from taleproof.errors import NotAcceptedError, RevokedError
from taleproof.trust.digest import Digests, Expected
from taleproof.trust.registry import RegistryAnswer, read_answer


Kind = Literal["registered", "pinned", "unverified", "refused", "revoked"]


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
        if self.expected is not None:
            self.expected.require(name, self.actual)
        if self.kind == "revoked":
            raise RevokedError(name, self.actual.sha256, self.registry.reason if self.registry else "")
        if not self.usable(accepted_sha256):
            raise NotAcceptedError(name, self.actual.sha256)


def decide(
    actual: Digests, pinned: Expected | None = None, registry: RegistryAnswer | None = None, files: int = 1
) -> Verdict:
    """Return the verdict on a file.

    Whoever objects wins over whoever vouches: a revocation first, then any digest that differs. Then the
    registry's word stands above the catalogue's.

    Parameters
    ----------
    actual : computed from every byte of the file.
    pinned : what the site's catalogue says; None for a file of the person's own.
    registry : what the registry says; None where it was not asked.
    files : how many there are; the digests of several are those of their list (digest.digest_list).
    """
    answer = registry or RegistryAnswer("unknown")
    registered = answer.expected if answer.status == "registered" else None
    if answer.status == "revoked":
        sentence = f"The registry withdrew this file{_because(answer)} It is not used."
        return Verdict("revoked", answer.expected, actual, sentence, registry)
    for expected, who in ((registered, "registry"), (pinned, "catalogue")):
        difference = expected.mismatch(actual) if expected is not None else None
        if difference is not None:
            what, vouched, found = difference
            sentence = (
                f"These are not the bytes that the {who} names: their {what} is {found}, not {vouched}. "
                "They were dropped."
            )
            return Verdict("refused", expected, actual, sentence, registry)
    if registered is not None:
        return Verdict("registered", registered, actual, _registered(answer), registry)
    note = _registry_note(answer) if registry is not None else ""
    if pinned is not None:
        return Verdict("pinned", pinned, actual, f"Every byte is as this site's catalogue says.{note}", registry)
    sentence = f"Nobody vouches for {_what(files)} with one from a source that you trust.{note}"
    return Verdict("unverified", None, actual, sentence, registry)


def _what(files: int) -> str:
    if files == 1:
        return "this file. Compare its SHA-256"
    return f"these {files} files. Compare the SHA-256 of their list, as sha256sum prints it,"


def _registry_note(answer: RegistryAnswer) -> str:
    if answer.status == "unknown":
        return " The registry on chain does not know it."
    return f" The registry on chain could not be asked{_because(answer)}"


def _because(answer: RegistryAnswer) -> str:
    """Return the reason as the end of a sentence, whether or not it is a sentence itself."""
    reason = answer.reason.strip().rstrip(".")
    return f": {reason}." if reason else "."


def _registered(answer: RegistryAnswer) -> str:
    version = "" if answer.version is None else f" version {answer.version}"
    what = f" as {answer.model}{version}" if answer.model else ""
    block = "" if answer.block is None else f", block {answer.block}"
    sentence = f"Every byte is as registered{what} on chain {answer.chain}, application {answer.application}{block}."
    if answer.as_of is None:
        return sentence
    return f"{sentence} That was read at {answer.as_of}; the registry could not be asked now{_because(answer)}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A file's digests, or those of the list of several, with what the catalogue says of them."""

    digests: Digests
    pinned: Expected | None
    files: int = 1

    def under(self, answer: Any) -> Verdict:
        """Return the verdict with the registry's answer as JSON; None where it was not asked about this file."""
        return decide(self.digests, self.pinned, None if answer is None else read_answer(answer), self.files)


def overall(judged: Mapping[str, Judged], answers: Mapping[str, Any]) -> Verdict:
    """Return the verdict on a model of several files, under the registry's answers by role.

    It is the one on the file "model", with two exceptions: a file that is refused or revoked speaks for all, and a
    model is registered only if each of its files is.
    """
    verdicts = {role: file.under(answers.get(role)) for role, file in judged.items()}
    for verdict in verdicts.values():
        if verdict.kind in ("refused", "revoked"):
            return verdict
    if all(verdict.kind == "registered" for verdict in verdicts.values()):
        return verdicts["model"]
    return judged["model"].under(None) if verdicts["model"].kind == "registered" else verdicts["model"]
