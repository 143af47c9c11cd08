# SPDX-License-Identifier: Apache-2.0
"""Files that are asked for, and what is known of their bytes."""

from typing import Literal, NotRequired, TypeAlias, TypedDict


class Digests(TypedDict):
    """What was computed from a file's bytes."""

    sha256: str
    """Lower-case hexadecimal."""
    sha3_256: str | None
    size: int


class NamedDigests(Digests):
    """The digests of one of several files."""

    name: str


class ExpectedDigests(TypedDict):
    """One digest at least, of either kind."""

    sha256: str | None
    sha3_256: NotRequired[str | None]
    size: NotRequired[int | None]


class RegistryAnswer(TypedDict):
    """What the registry on chain says of one file; trust/registry.py reads it, and refuses any other shape."""

    status: Literal["registered", "revoked", "unknown", "unreachable"]
    """`unknown`: the registry has no such model. `unreachable`: it could not be asked."""
    expected: ExpectedDigests | None
    """Always there for `registered`."""
    model: str
    version: int | None
    publisher: str
    """The account that published the version."""
    chain: str
    """The registry's home chain."""
    application: str
    block: int | None
    """The home chain's block of the publication."""
    as_of: str | None
    """When it was read, in ISO 8601, where it is not fresh."""
    reason: str
    """Why it was withdrawn, or why nobody could be asked."""


Role: TypeAlias = Literal["model", "tokenizer"]


class RegistryAnswers(TypedDict):
    """By the roles of the sources; null for a file that the registry was not asked about."""

    model: RegistryAnswer | None
    tokenizer: RegistryAnswer | None


VerdictKind: TypeAlias = Literal["registered", "pinned", "unverified", "refused", "revoked"]
"""Only `registered`, `pinned` and an `unverified` file that was accepted are used."""


class Verdict(TypedDict):
    """What is known of a file's bytes, and whether they may be used."""

    kind: VerdictKind
    expected: ExpectedDigests | None
    """What the catalogue or the registry says; null where nobody vouches for the file."""
    actual: Digests | None
    """What was computed from the bytes that arrived; null where none did."""
    sentence: str
    registry: RegistryAnswer | None
    """What the registry said, where it was asked."""


class BrowserFile(TypedDict):
    """A file that the person chose: it stays with the page, which hands Python a reader for it; in JSON it is `{}`."""


class UrlSource(TypedDict):
    """A file at an address."""

    kind: Literal["url"]
    url: str
    name: NotRequired[str]


class ChosenSource(TypedDict):
    """A file that the person chose."""

    kind: Literal["file"]
    file: BrowserFile


class StoredSource(TypedDict):
    """A file kept in this browser's own storage, named by its digest."""

    kind: Literal["stored"]
    sha256: str
    name: NotRequired[str]


ModelSource: TypeAlias = UrlSource | ChosenSource | StoredSource


class FileRequest(TypedDict):
    """One source of a model: what it is for, where it is, and what is said of it."""

    role: Role
    source: ModelSource
    """An address may name a part of a model, or end with "/": what belongs to it is then loaded too."""
    pinned: ExpectedDigests | None
    """The digest that the site's catalogue gives, or null where it does not have the file."""
    listed: NotRequired[ExpectedDigests | None]
    """Where nothing is pinned, what the registry listed: by it the file is found in this browser, and kept.

    It vouches for nothing.
    """
    accept: NotRequired[str | None]
    """The SHA-256 that the person has accepted as unverified, for all sources of this role together, or null."""


Purpose: TypeAlias = Literal["write", "embed", "any"]
"""What a model is for: to write, or to make vectors of texts; `any` is what its architecture is for."""


class OpenRequest(TypedDict):
    sources: list[FileRequest]
    """The model's files, and a tokenizer.bin where it is a llama2.c model, which carries none of its own.

    The model's first source names it. Of files that the person chose those are taken that are one model. What a model
    in several files is known by is the SHA-256 of the list of all, as digest_list of digest.py makes it.
    """
    purpose: NotRequired[Purpose]
    contextLength: NotRequired[int | None]
    """Most tokens that a story may take with its prompt; null for as many as the model and the memory allow.

    Of its own accord the engine gives a cache 256 MiB at most; `positionBytes` says what more would take.
    """
    asksRegistry: NotRequired[bool]
    """The registry's answers follow in a message, and are waited for; both digests of every file are computed then."""
