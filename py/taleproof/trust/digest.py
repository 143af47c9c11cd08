# SPDX-License-Identifier: Apache-2.0
"""Digests of everything that is read: bytes go in as they arrive, hexadecimal digests come out at the end.

Every byte of every file is hashed before one byte is parsed: on a disk by Python's own hashers, in a browser by the
kernels, where the bytes lie in the arena, so that they never pass through Python.
"""

import hashlib
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar, get_args

from taleproof.errors import DigestMismatchError, FormatError
from taleproof.io.reader import Blob
from taleproof.memory.arena import Arena


CHUNK = 1 << 20
"""Bytes of a file that are hashed at a time."""

Algorithm = Literal["sha256", "sha3_256"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
DIGEST_BYTES = 32  # of both

Data = TypeVar("Data", bound=Sized)
DataIn = TypeVar("DataIn", bound=Sized, contravariant=True)


@dataclass(frozen=True, slots=True)
class Digests:
    """What was computed of a file, in lower-case hexadecimal; SHA3-256 is None where nobody asked for it."""

    sha256: str
    sha3_256: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody vouches for: one digest at least. What they don't say is None."""

    sha256: str | None = None
    sha3_256: str | None = None
    size: int | None = None

    def __post_init__(self) -> None:
        if self.sha256 is None and self.sha3_256 is None:
            raise ValueError("nothing is vouched for without a digest")

    @property
    def key(self) -> str:
        """One digest that tells this file from all others: SHA-256, or else SHA3-256."""
        digest = self.sha256 or self.sha3_256
        assert digest is not None
        return digest.lower()

    def mismatch(self, actual: Digests) -> tuple[str, str, str] | None:
        """Return what differs first, as (what, expected, actual); None if nothing does."""
        if self.sha256 is not None and self.sha256.lower() != actual.sha256:
            return "SHA-256", self.sha256.lower(), actual.sha256
        if self.sha3_256 is not None and self._sha3_differs(actual):
            return "SHA3-256", self.sha3_256.lower(), actual.sha3_256 or "unknown"
        if self.size is not None and self.size != actual.size:
            return "size", f"{self.size:,} bytes", f"{actual.size:,} bytes"
        return None

    def require(self, name: str, actual: Digests) -> None:
        """Raise DigestMismatchError where the file of this name is another one; do nothing where it is the same."""
        difference = self.mismatch(actual)
        if difference is not None:
            what, expected, found = difference
            raise DigestMismatchError(name, expected, found, what)

    def _sha3_differs(self, actual: Digests) -> bool:
        """Say whether it does; one that was not computed is no objection where there is a SHA-256 that agrees."""
        if actual.sha3_256 is None:
            return self.sha256 is None
        return self.sha3_256 is not None and self.sha3_256.lower() != actual.sha3_256


class Hasher(Protocol[DataIn]):
    """One running digest."""

    def update(self, data: DataIn, /) -> None:
        """Take the next bytes."""
        ...

    def hexdigest(self) -> str:
        """Return the digest of all bytes taken; the last call to a hasher."""
        ...


def hashlib_hasher(algorithm: Algorithm) -> Hasher[bytes | memoryview]:
    """Return Python's own hasher."""
    return hashlib.new(algorithm)


class ArenaHasher:
    """A digest of bytes in the arena, computed by the kernels.

    The arena only grows, so that a hasher is made once and used again after ``reset``.

    Attributes
    ----------
    address : of its state, for whoever runs the kernel itself.
    """

    def __init__(self, arena: Arena, algorithm: Algorithm) -> None:
        self._arena = arena
        self._name = algorithm
        self._size = arena.call(f"{algorithm}_state_size")
        self.address = arena.allocate(self._size)
        self._out = arena.allocate(DIGEST_BYTES)
        self.reset()

    def reset(self) -> None:
        """Begin a new digest."""
        self._arena.call(f"{self._name}_init", self.address)

    def update(self, data: range) -> None:
        """Take the bytes at these offsets of the arena."""
        self._arena.call(f"{self._name}_update", self.address, data.start, len(data))

    def state(self) -> bytes:
        """Return what it has taken so far, for ``resume``: hashes that take turns share one hasher."""
        return bytes(self._arena.read(self.address, self._size))

    def resume(self, state: bytes) -> None:
        """Go on from a state."""
        self._arena.write(self.address, state)

    def hexdigest(self) -> str:
        """Return the digest; the state is spent until the next ``reset``."""
        self._arena.call(f"{self._name}_final", self.address, self._out)
        return bytes(self._arena.read(self._out, DIGEST_BYTES)).hex()


class Digester(Generic[Data]):
    """The digests of one file, computed together as its bytes pass."""

    def __init__(self, sha256: Hasher[Data], sha3_256: Hasher[Data] | None = None) -> None:
        self._sha256 = sha256
        self._sha3_256 = sha3_256
        self.size = 0

    def update(self, data: Data) -> None:
        """Take the next bytes."""
        self._sha256.update(data)
        if self._sha3_256 is not None:
            self._sha3_256.update(data)
        self.size += len(data)

    def finish(self) -> Digests:
        """Return the digests of all that passed."""
        sha3_256 = None if self._sha3_256 is None else self._sha3_256.hexdigest()
        return Digests(self._sha256.hexdigest(), sha3_256, self.size)


def python_digester(*, sha3: bool = False) -> Digester[bytes | memoryview]:
    """Return a digester of Python's own hashers: SHA-256, and SHA3-256 if wanted."""
    return Digester(hashlib_hasher("sha256"), hashlib_hasher("sha3_256") if sha3 else None)


def digest_blob(blob: Blob, *, sha3: bool = False) -> Digests:
    """Return the digests of a blob."""
    digester = python_digester(sha3=sha3)
    for start in range(0, blob.size, CHUNK):
        digester.update(blob.read(start, min(CHUNK, blob.size - start)))
    return digester.finish()


def digest_list(files: Sequence[tuple[str, Digests]]) -> Digests:
    """Return what several files are known by together: the digests of their list, and their size in all.

    The list is what ``sha256sum`` prints of them, sorted by name, so that anybody can compute it with that command.

    Parameters
    ----------
    files : names and digests, in any order.

    Raises
    ------
    FormatError : a name that no file can have, as it is not Unicode text.
    """
    for name, _ in files:
        try:
            name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            why = "half of a character stands alone in it, so it is no file's name"
            raise FormatError(name, "name", name, None, why) from None
    ordered = sorted(files, key=lambda file: file[0].encode("utf-8", "surrogateescape"))
    sha256 = hashlib.sha256(b"".join(_line(name, digests.sha256) for name, digests in ordered))
    known = [(name, digests.sha3_256) for name, digests in ordered if digests.sha3_256 is not None]
    sha3_256 = hashlib.sha3_256(b"".join(_line(name, digest) for name, digest in known))
    size = sum(digests.size for _, digests in files)
    return Digests(sha256.hexdigest(), sha3_256.hexdigest() if len(known) == len(files) else None, size)


def _line(name: str, digest: str) -> bytes:
    """Return a line of the list; line breaks in a name, and what marks them, are written as ``sha256sum`` does."""
    plain = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "" if plain == name else "\\"
    return f"{mark}{digest}  {plain}\n".encode("utf-8", "surrogateescape")
