"""Opens a model that lies on this machine's disk: a path comes in, an engine and a tokenizer go out.

Every byte is hashed before one is parsed, the very bytes that are used afterwards: on the wasm backend those in the
arena. A digest other than the expected one is refused with DigestMismatchError.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .digest import Digests, Expected, digest_blob
from .engine import Engine, open_numpy, open_wasm
from .errors import DigestMismatchError, TokenizerMissingError
from .formats import ModelFile, parse
from .reader import Blob, FileBlob
from .tokenizers import Tokenizer, from_llama2c, from_model


Backend = Literal["wasm", "numpy"]


@dataclass(frozen=True)
class Verified:
    """A file whose bytes have been hashed, and are as expected if something was expected."""

    blob: Blob
    digests: Digests


@dataclass(frozen=True)
class LocalModel:
    """An opened model. `tokenizer_digests` is None where the tokenizer came in the model's file."""

    file: ModelFile
    engine: Engine
    tokenizer: Tokenizer
    digests: Digests
    tokenizer_digests: Digests | None


def verified(blob: Blob, expected_sha256: str | None = None) -> Verified:
    """Hash all of a file and compare; nothing of it has been parsed yet.

    Raises
    ------
    DigestMismatchError : another digest than the expected one.
    """
    digests = digest_blob(blob, sha3=True)
    if expected_sha256 is not None:
        difference = Expected(expected_sha256.strip()).mismatch(digests)
        if difference is not None:
            algorithm, expected, actual = difference
            raise DigestMismatchError(blob.name, expected, actual, algorithm)
    return Verified(blob, digests)


def open_local(
    path: Path, *, tokenizer: Path | None = None, backend: Backend = "wasm", expected_sha256: str | None = None
) -> LocalModel:
    """Open a model.

    Parameters
    ----------
    tokenizer : tokenizer.bin, for a llama2.c model, which brings none.
    backend : wasm is the fast one, through wasmtime; numpy is plain and slow.

    Raises
    ------
    TaleproofError : whatever is wrong with the files, in the words of its own class.
    """
    if backend == "wasm":
        from .arena import ArenaBlob
        from .wasmtime_host import fastest_arena

        source = FileBlob(path)
        arena = fastest_arena()
        base = arena.allocate(source.size)
        arena.write(base, source.read(0, source.size))
        model = verified(ArenaBlob(arena, base, source.size, source.name), expected_sha256)
        file = parse(model.blob)
        pieces, words = _tokenizer(file, tokenizer)
        engine = open_wasm(arena, file, [base])
    else:
        model = verified(FileBlob(path), expected_sha256)
        file = parse(model.blob)
        pieces, words = _tokenizer(file, tokenizer)
        engine = open_numpy([model.blob], file)
    return LocalModel(file, engine, pieces, model.digests, words)


def _tokenizer(file: ModelFile, path: Path | None) -> tuple[Tokenizer, Digests | None]:
    if path is not None:
        given = verified(FileBlob(path))
        return from_llama2c(given.blob, file.integer("llama.vocab_size")), given.digests
    if not file.format.startswith("GGUF"):
        raise TokenizerMissingError(file.name)
    return from_model(file), None
