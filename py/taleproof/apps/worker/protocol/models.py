# SPDX-License-Identifier: Apache-2.0
"""A model on its way, and open."""

from typing import Literal, TypeAlias, TypedDict

from taleproof.apps.worker.protocol.files import Digests, NamedDigests, Role, Verdict


LoadPhase: TypeAlias = Literal["connect", "download", "read", "prepare"]
"""`download` comes from the network, `read` from a local file or this browser's storage, `prepare` builds the model."""


class MemoryFigures(TypedDict):
    """All in bytes."""

    arena: int
    """The memory that holds weights, cache and scratch."""
    python: int
    """The memory of Python itself."""
    model: int
    """The part of the arena that the model's file takes."""
    cache: int
    """The part of the arena that the key-value cache takes."""


class FileInfo(TypedDict):
    """What a model's files tell of it."""

    name: str
    """The file's name, or the name its metadata give."""
    format: str
    """For example "gguf v3"."""
    architecture: str
    parameters: int
    quantisation: str
    """The block type that most of the weights have, for example "Q4_1"."""
    hasChatTemplate: bool
    """Whether it can answer a request: by a template, or because it reads before it writes."""
    bytes: int
    digests: Digests
    """Of a model in several files those of their list."""
    files: list[NamedDigests]
    """Each file's, of a model in several; else empty."""
    tokenizer: Digests | None
    """Those of a tokenizer's own file; null where the model's file has the tokenizer in it."""
    stored: bool
    """False where this browser has no room for the file, so that it is downloaded again next time."""


class ModelInfo(FileInfo):
    """What is known of a model that is open."""

    contextLength: int
    """What the model was trained for."""
    sessionLength: int
    """What a story may take here, prompt included."""
    positionBytes: int
    """What each position takes in memory: the cache has this, `sessionLength` times."""
    vocabulary: int


class ReadyModel(TypedDict):
    kind: Literal["ready"]
    model: ModelInfo
    verdict: Verdict
    memory: MemoryFigures


class UnacceptedModel(TypedDict):
    """Nobody vouches for it. It waits, unparsed, for the same request with its digest as `accept`."""

    kind: Literal["needs-acceptance"]
    role: Role
    name: str
    files: list[NamedDigests]
    """Each file, of a model in several; else empty."""
    verdict: Verdict


OpenResult: TypeAlias = ReadyModel | UnacceptedModel
