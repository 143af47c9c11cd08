# SPDX-License-Identifier: Apache-2.0
"""Digests and verdicts as the page is told of them: in come the types of trust/, out go those of the protocol."""

from collections.abc import Iterable

from taleproof.apps.worker.protocol import files as protocol
from taleproof.trust.digest import Digests, Expected
from taleproof.trust.registry import RegistryAnswer
from taleproof.trust.verdict import Verdict


def shown_digests(digests: Digests) -> protocol.Digests:
    """Return what was computed of a file."""
    return {"sha256": digests.sha256, "sha3_256": digests.sha3_256, "size": digests.size}


def shown_files(files: Iterable[tuple[str, Digests]]) -> list[protocol.NamedDigests]:
    """Return what was computed of each file, with its name."""
    return [{"name": name, **shown_digests(digests)} for name, digests in files]


def shown_verdict(verdict: Verdict) -> protocol.Verdict:
    """Return a verdict with all that it stands on."""
    return {
        "kind": verdict.kind,
        "expected": None if verdict.expected is None else _expected(verdict.expected),
        "actual": shown_digests(verdict.actual),
        "sentence": verdict.sentence,
        "registry": None if verdict.registry is None else _registry(verdict.registry),
    }


def _expected(expected: Expected) -> protocol.ExpectedDigests:
    return {"sha256": expected.sha256, "sha3_256": expected.sha3_256, "size": expected.size}


def _registry(answer: RegistryAnswer) -> protocol.RegistryAnswer:
    return {
        "status": answer.status,
        "expected": None if answer.expected is None else _expected(answer.expected),
        "model": answer.model,
        "version": answer.version,
        "publisher": answer.publisher,
        "chain": answer.chain,
        "application": answer.application,
        "block": answer.block,
        "as_of": answer.as_of,
        "reason": answer.reason,
    }
