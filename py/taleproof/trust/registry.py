# SPDX-License-Identifier: Apache-2.0
"""The registry's answer about one file: from JSON, and back.

In comes what the page, or a file on the command line, says that the registry on chain holds: the RegistryAnswer of
apps/worker/protocol/files.py. Out goes a RegistryAnswer. Refused: anything of another shape, with the field's name,
since an answer that was half understood could be taken for trust.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from taleproof.errors import RegistryAnswerError
from taleproof.trust.digest import Expected


Status = Literal["registered", "revoked", "unknown", "unreachable"]
STATUSES: tuple[Status, ...] = get_args(Status)

_DIGEST = re.compile(r"[0-9a-f]{64}")
_VOUCHED = ("model", "publisher", "chain", "application")
_LONGEST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class RegistryAnswer:
    """What the registry on chain says about a file.

    Attributes
    ----------
    status : "registered" and "revoked" are the registry's word; "unknown" means that it has no such model,
        "unreachable" that it could not be asked.
    expected : the registered digests; always there for "registered".
    model, version, publisher : which version of which model the file belongs to, and the account that published it.
    chain, application, block : where the answer stands: the registry's home chain, and the block of the publication.
    as_of : when it was read, as an ISO 8601 time, if it is not fresh.
    reason : why it was withdrawn, for "revoked"; why nobody could be asked, for "unreachable".
    """

    status: Status
    expected: Expected | None = None
    model: str = ""
    version: int | None = None
    publisher: str = ""
    chain: str = ""
    application: str = ""
    block: int | None = None
    as_of: str | None = None
    reason: str = ""


def read_answer(value: Any) -> RegistryAnswer:
    """Return the answer that decoded JSON holds.

    Raises
    ------
    RegistryAnswerError : a field that is missing, that is not known, or that is not what it should be.
    """
    answer = _object(value, "the answer", RegistryAnswer)
    status = next((known for known in STATUSES if known == answer.get("status")), None)
    if status is None:
        raise RegistryAnswerError("status", f"is none of {', '.join(STATUSES)}")
    expected = answer.get("expected")
    found = RegistryAnswer(
        status=status,
        expected=None if expected is None else _expected(expected),
        model=_text(answer, "model"),
        version=_count(answer, "version"),
        publisher=_text(answer, "publisher"),
        chain=_text(answer, "chain"),
        application=_text(answer, "application"),
        block=_count(answer, "block"),
        as_of=_text(answer, "as_of") or None,
        reason=_text(answer, "reason"),
    )
    if status == "registered":
        for field in ("expected", "version", "block", *_VOUCHED):
            if getattr(found, field) in (None, ""):
                raise RegistryAnswerError(field, "is missing")
    return found


def read_answer_file(path: Path) -> RegistryAnswer:
    """Return the answer in a JSON file.

    Raises
    ------
    RegistryAnswerError : a file that cannot be read, or that holds something else.
    """
    try:
        return read_answer(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RegistryAnswerError(str(path), f"cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise RegistryAnswerError(str(path), "is not JSON") from None


def _expected(value: Any) -> Expected:
    expected = _object(value, "expected", Expected)
    sha256, sha3_256 = _digest(expected, "sha256"), _digest(expected, "sha3_256")
    if sha256 is None:
        raise RegistryAnswerError("expected.sha256", "is missing")
    return Expected(sha256, sha3_256, _count(expected, "size"))


def _object(value: Any, what: str, kind: type) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise RegistryAnswerError(what, "is not an object")
    unknown = sorted(set(value) - {field.name for field in fields(kind)})
    if unknown:
        raise RegistryAnswerError(unknown[0], "is not a field that is known")
    return value


def _text(answer: Mapping[str, Any], field: str) -> str:
    value = answer.get(field)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise RegistryAnswerError(field, "is not a text, or too long a one")
    return value


def _count(answer: Mapping[str, Any], field: str) -> int | None:
    value = answer.get(field)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53):
        raise RegistryAnswerError(field, "is not a whole number from 0 up")
    return value


def _digest(expected: Mapping[str, Any], field: str) -> str | None:
    value = expected.get(field)
    if value is not None and (not isinstance(value, str) or _DIGEST.fullmatch(value) is None):
        raise RegistryAnswerError(f"expected.{field}", "is not a digest of 64 lower-case hexadecimal digits")
    return value
