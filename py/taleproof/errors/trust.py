# SPDX-License-Identifier: Apache-2.0
"""Errors of verification: bytes that are not the ones vouched for, and answers that cannot be trusted."""

from taleproof.errors.base import TaleproofError, fact, plain, shown


class DigestMismatchError(TaleproofError):
    """A file whose bytes are not the ones that were vouched for. Not one of them is parsed."""

    code = "digest-mismatch"

    def __init__(self, name: str, expected: str, actual: str, algorithm: str = "SHA-256") -> None:
        super().__init__(
            f"{name} is not the file that was vouched for: its {algorithm} is {actual}, expected was "
            f"{expected}. The bytes were dropped. Try again; if it happens again, do not use this source.",
            {"name": name, "algorithm": algorithm, "expected": expected, "actual": actual},
        )


class InvalidDigestError(TaleproofError):
    """What a file is expected to be, in a form that is none: nothing can be compared with it."""

    code = "invalid-digest"

    def __init__(self, value: object) -> None:
        super().__init__(
            f"expect can't be {shown(value)}. Write sha256: or sha3-256: and the digest's 64 hexadecimal digits after "
            "it, with no spaces.",
            {"value": fact(value)},
        )


class NotAcceptedError(TaleproofError):
    """A file that nobody vouches for, and whose digest the person has not accepted."""

    code = "not-accepted"

    def __init__(self, name: str, sha256: str) -> None:
        super().__init__(
            f"Nobody vouches for {name}. Compare its SHA-256, {sha256}, with one from a source that you "
            "trust, and accept it if they are the same.",
            {"name": name, "sha256": sha256},
        )


class RegistryAnswerError(TaleproofError):
    """An answer of the registry that is not what an answer is. It vouches for nothing."""

    code = "registry-answer-invalid"

    def __init__(self, field: str, why: str) -> None:
        field = plain(field)
        super().__init__(
            f"The registry's answer is not one that can be relied on: {field} {why}. It counts for nothing. "
            "Ask the registry again.",
            {"field": field, "why": why},
        )


class RevokedError(TaleproofError):
    """A file that was registered once and has been withdrawn."""

    code = "revoked"

    def __init__(self, name: str, sha256: str, reason: str) -> None:
        why = f": {reason.strip().rstrip('.')}" if reason else ""
        super().__init__(
            f"{name} was withdrawn from the registry{why}. Choose another version or another model.",
            {"name": name, "sha256": sha256, "reason": reason},
        )
