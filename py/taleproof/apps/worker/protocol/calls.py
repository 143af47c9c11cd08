# SPDX-License-Identifier: Apache-2.0
"""What each call of the engine answers with, and how it fails."""

from typing import Literal, TypedDict

from taleproof.apps.worker.protocol.files import Verdict
from taleproof.apps.worker.protocol.models import MemoryFigures, OpenResult
from taleproof.apps.worker.protocol.stories import Place, WriteEvent
from taleproof.errors import JsonValue


class ErrorData(TypedDict):
    """An error as it crosses the thread border; EngineError (errors.ts) is the same with a stack."""

    code: str
    """Stable, kebab-case."""
    message: str
    """What happened and what to do, for a person."""
    details: dict[str, JsonValue]
    verdict: Verdict | None
    """There where a file was refused."""


class EngineFacts(TypedDict):
    """What is fixed about an engine, as far as Python knows it."""

    kernels: Literal["relaxed", "baseline"]
    """Which build of the kernels runs: with the relaxed integer dot product, or without. Both give the same bits."""
    numericsVersion: int
    version: str
    python: str
    memory: MemoryFigures


class PythonResults(TypedDict):
    """What each method of Api (api.py) answers with, where it does not fail."""

    info: EngineFacts
    open: OpenResult
    judge: Verdict
    start: list[WriteEvent]
    next: list[WriteEvent]
    """Empty when there is nothing to write. The last batch ends with `finished`."""
    stop: list[WriteEvent]
    """A batch that ends with `finished`, or an empty one where the story had ended by itself."""
    alternatives: list[Place]
    """One for each token that was asked about. Refused while a story is being written."""
    embed: list[float]
    close: None
