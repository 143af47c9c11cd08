# SPDX-License-Identifier: Apache-2.0
"""Opens a model that lies on this machine's disk: paths come in, an engine and a tokenizer go out.

Every byte of every file is hashed before one is parsed, the very bytes that are used afterwards: each file is read
once, on the wasm backend into the arena, and it does not matter what becomes of it on the disk later. A digest other
than the expected one is refused with DigestMismatchError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from taleproof.apps.guard import opening
from taleproof.apps.model_set import read_model
from taleproof.errors import DigestMismatchError, SourceRefusedError
from taleproof.formats import ModelFile
from taleproof.io.model_files import POOLING, files_of_model, name_in_folder
from taleproof.io.reader import Blob, FileBlob, read_file
from taleproof.memory.arena import Arena, ArenaBlob
from taleproof.tasks import embed as embedders
from taleproof.tasks.embed import Embedder
from taleproof.tasks.engine import Engine, open_numpy, open_wasm
from taleproof.tokenizers import Tokenizer
from taleproof.trust.digest import Digests, Expected, digest_blob, digest_list


Backend = Literal["wasm", "numpy"]


@dataclass(frozen=True)
class Verified:
    """A file whose bytes have been hashed."""

    blob: Blob
    digests: Digests


@dataclass(frozen=True)
class LocalModel:
    """An opened model.

    Attributes
    ----------
    files : all of the model's files; a tokenizer's own file is not among them.
    digests : what the model is known by: its file's digests, or of several files those of their list.
    tokenizer_digests : None where the tokenizer came with the model.
    """

    file: ModelFile
    engine: Engine
    tokenizer: Tokenizer
    files: tuple[Verified, ...]
    digests: Digests
    tokenizer_digests: Digests | None


def paths_of_model(paths: Sequence[Path]) -> list[Path]:
    """Return the files of a model: those that were named, or those that belong to the one file or folder.

    Raises
    ------
    NoModelInFolderError, SeveralModelsError, SourceRefusedError
    """
    if len(paths) > 1:
        return list(paths)
    path = paths[0]
    folder, chosen = (path, None) if path.is_dir() else (path.parent, path.name)
    if chosen is not None and not path.exists():
        return [path]  # whoever opens it says so
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        if chosen is not None:
            return [path]  # a file may be read where its folder can't be listed
        raise SourceRefusedError(str(folder), error.strerror or type(error).__name__) from None
    if (folder / POOLING).is_file():
        names.append(POOLING)
    return [folder / name for name in files_of_model(names, str(folder), chosen)]


def blobs_of_model(paths: Sequence[Path]) -> list[Blob]:
    """Return copies of a model's files, each with the name that it has within the model.

    Raises
    ------
    NoModelInFolderError, SeveralModelsError, SourceError, EmptyFileError
    """
    return [read_file(path, name_in_folder(path)) for path in paths_of_model(paths)]


def verified(blobs: Sequence[Blob], expected: Expected | None = None) -> tuple[tuple[Verified, ...], Digests]:
    """Hash all of a model's files and compare; nothing of them has been parsed, and none of them can change any more.

    Returns
    -------
    the files, and what the model is known by

    Raises
    ------
    DigestMismatchError : another digest than the expected one.
    """
    files = tuple(Verified(blob, digest_blob(blob, sha3=True)) for blob in blobs)
    digests = files[0].digests
    if len(files) > 1:
        digests = digest_list([(file.blob.name, file.digests) for file in files])
    difference = expected.mismatch(digests) if expected is not None else None
    if difference is not None:
        what, wanted, actual = difference
        raise DigestMismatchError(blobs[0].name, wanted, actual, what)
    return files, digests


def _placed(paths: Sequence[Path], backend: Backend) -> tuple[Sequence[Blob], Arena | None, list[int]]:
    """Return a model's files, on the wasm backend in an arena, each from its base on."""
    if backend == "numpy":
        return blobs_of_model(paths), None, []
    from taleproof.memory.wasmtime import fastest_arena

    arena, bases = fastest_arena(), []
    sources = [FileBlob(path, name_in_folder(path)) for path in paths_of_model(paths)]
    for source in sources:
        bases.append(arena.allocate(source.size))
        arena.write(bases[-1], source.read(0, source.size))
    placed = zip(bases, sources, strict=True)
    return [ArenaBlob(arena, base, source.size, source.name) for base, source in placed], arena, bases


@dataclass(frozen=True)
class LocalEmbedder:
    """An opened encoder; ``files`` and ``digests`` are as those of LocalModel."""

    embedder: Embedder
    tokenizer: Tokenizer
    files: tuple[Verified, ...]
    digests: Digests


def open_local_embedder(*paths: Path, backend: Backend = "wasm", expected: Expected | None = None) -> LocalEmbedder:
    """Open a model that makes vectors of texts; parameters and errors are those of open_local."""
    sources, arena, bases = _placed(paths, backend)
    files, digests = verified(sources, expected)
    with opening(sources[0].name, sum(source.size for source in sources)):
        model = read_model(sources)
        if arena is not None:
            embedder = embedders.open_wasm(arena, model.file, [bases[index] for index in model.weights])
        else:
            embedder = embedders.open_numpy([sources[index] for index in model.weights], model.file)
    return LocalEmbedder(embedder, model.tokenizer, files, digests)


def open_local(
    *paths: Path, tokenizer: Path | None = None, backend: Backend = "wasm", expected: Expected | None = None
) -> LocalModel:
    """Open a model.

    Parameters
    ----------
    paths : its file, any part of it, its folder, or all of its files.
    tokenizer : tokenizer.bin, for a llama2.c model, which brings none.
    backend : wasm is the fast one, through wasmtime; numpy is plain and slow.
    expected : of its file; of several, of their list (digest.digest_list).

    Raises
    ------
    TaleproofError : whatever is wrong with the files, in the words of its own class.
    """
    sources, arena, bases = _placed(paths, backend)
    files, digests = verified(sources, expected)
    words, words_digests = None, None
    if tokenizer is not None:
        words = read_file(tokenizer)
        _, words_digests = verified([words])
    with opening(sources[0].name, sum(source.size for source in sources)):
        model = read_model(sources, words)
        if arena is not None:
            engine = open_wasm(arena, model.file, [bases[index] for index in model.weights])
        else:
            engine = open_numpy([sources[index] for index in model.weights], model.file)
    return LocalModel(model.file, engine, model.tokenizer, files, digests, words_digests if model.uses_given else None)
