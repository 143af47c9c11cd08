# SPDX-License-Identifier: Apache-2.0
"""Opens a model that lies on this machine's disk: paths come in, an engine and a tokenizer go out.

Every byte of every file is hashed before one is parsed, the very bytes that are used afterwards: each file is read
once, on the wasm backend into the arena, and it does not matter what becomes of it on the disk later. A digest other
than the expected one is refused with DigestMismatchError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from taleproof.apps.guard import opening
from taleproof.apps.model_set import read_model
from taleproof.errors import SourceRefusedError
from taleproof.formats import ModelFile
from taleproof.io.model_files import POOLING, files_of_model, name_in_folder
from taleproof.io.reader import Blob, FileBlob, read_file
from taleproof.memory.arena import ArenaBlob
from taleproof.models import Task, task_of
from taleproof.tasks import embed as embedders
from taleproof.tasks.embed import Embedder
from taleproof.tasks.engine import Engine, open_numpy, open_wasm
from taleproof.tokenizers import Tokenizer
from taleproof.trust.digest import Digests, Expected, digest_blob, digest_list


if TYPE_CHECKING:
    from taleproof.memory.wasmtime import WasmtimeArena

Backend = Literal["wasm", "numpy"]


@dataclass(frozen=True)
class Verified:
    """A file whose bytes have been hashed."""

    blob: Blob
    digests: Digests


@dataclass(frozen=True)
class LocalFiles:
    """A model's files, hashed and then parsed.

    Attributes
    ----------
    files : all of the model's files; a tokenizer's own file is not among them.
    digests : what the model is known by: its file's digests, or of several files those of their list.
    tokenizer_digests : None where the tokenizer came with the model.
    kernels : the SHA-256 of the kernels' module; None on the numpy backend.
    """

    file: ModelFile
    tokenizer: Tokenizer
    files: tuple[Verified, ...]
    digests: Digests
    tokenizer_digests: Digests | None
    kernels: str | None


@dataclass(frozen=True)
class LocalModel(LocalFiles):
    """An opened model that writes."""

    engine: Engine


@dataclass(frozen=True)
class LocalEmbedder(LocalFiles):
    """An opened model that makes vectors of texts."""

    embedder: Embedder


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
    if expected is not None:
        expected.require(blobs[0].name, digests)
    return files, digests


def _placed(paths: Sequence[Path], backend: Backend) -> "tuple[Sequence[Blob], WasmtimeArena | None, list[int]]":
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


def open_files(
    *paths: Path,
    tokenizer: Path | None = None,
    backend: Backend = "wasm",
    expected: Expected | None = None,
    task: Task | None = None,
) -> LocalModel | LocalEmbedder:
    """Open a model, to write or to make vectors of texts.

    Parameters
    ----------
    paths : its file, any part of it, its folder, or all of its files.
    tokenizer : tokenizer.bin, for a llama2.c model, which brings none.
    backend : wasm is the fast one, through wasmtime; numpy is plain and slow.
    expected : of its file; of several, of their list (digest.digest_list).
    task : what it is opened for; None for what its architecture is for.

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
        file = model.file
        kernels = None if arena is None else arena.kernels
        common = (file, model.tokenizer, files, digests, words_digests if model.uses_given else None, kernels)
        embeds = (task or task_of(file)) == "embed"
        if arena is not None:
            offsets = [bases[index] for index in model.weights]
            if embeds:
                return LocalEmbedder(*common, embedders.open_wasm(arena, file, offsets))
            return LocalModel(*common, open_wasm(arena, file, offsets))
        weights = [sources[index] for index in model.weights]
        if embeds:
            return LocalEmbedder(*common, embedders.open_numpy(weights, file))
        return LocalModel(*common, open_numpy(weights, file))


def open_local(
    *paths: Path, tokenizer: Path | None = None, backend: Backend = "wasm", expected: Expected | None = None
) -> LocalModel:
    """Open a model that writes; parameters and errors are those of open_files."""
    model = open_files(*paths, tokenizer=tokenizer, backend=backend, expected=expected, task="generate")
    assert isinstance(model, LocalModel)
    return model
