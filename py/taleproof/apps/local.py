# SPDX-License-Identifier: Apache-2.0
"""Opens a model that lies on this machine's disk: paths come in, an OpenModel goes out.

Every byte of every file is hashed before one is parsed, the very bytes that are used afterwards: each file is read
once, on the wasm backend into the arena, and it does not matter what becomes of it on the disk later. A digest other
than the expected one is refused with DigestMismatchError.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from taleproof.apps.context import longest_session
from taleproof.apps.guard import opening
from taleproof.apps.open_model import OpenModel, Writes
from taleproof.apps.opener import Opener, Progress, Source, Terms
from taleproof.errors import InvalidSettingError, SourceRefusedError
from taleproof.io.model_files import POOLING, files_of_model, name_in_folder
from taleproof.io.reader import Blob, FileBlob, read_file
from taleproof.memory.arena import ArenaBlob
from taleproof.models import Task
from taleproof.tasks.engine import Engine
from taleproof.trust.digest import Digests, Expected, digest_blob, digest_list


if TYPE_CHECKING:
    from taleproof.memory.wasmtime import WasmtimeArena

Backend = Literal["wasm", "numpy"]
T = TypeVar("T")


@dataclass(frozen=True)
class HashedFile:
    """A LoadedFile of this machine's disk."""

    blob: Blob
    digests: Digests
    offset: int | None = None
    stored: bool = False

    @property
    def name(self) -> str:
        """What the file is called within the model."""
        return self.blob.name

    async def keep(self) -> None:
        """Do nothing: it lies on the disk."""

    async def discard(self) -> None:
        """Do nothing."""


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


def verify(blobs: Sequence[Blob], expected: Expected | None = None) -> tuple[tuple[HashedFile, ...], Digests]:
    """Hash all of a model's files and compare; nothing of them has been parsed, and none of them can change any more.

    Returns
    -------
    the files, and what the model is known by

    Raises
    ------
    DigestMismatchError : another digest than the expected one.
    """
    files = tuple(HashedFile(blob, digest_blob(blob, sha3=True)) for blob in blobs)
    digests = files[0].digests
    if len(files) > 1:
        digests = digest_list([(file.blob.name, file.digests) for file in files])
    if expected is not None:
        expected.require(blobs[0].name, digests)
    return files, digests


class DiskLoader:
    """Reads files once: into memory of Python's, or into an arena."""

    def __init__(self, arena: "WasmtimeArena | None") -> None:
        self._arena = arena

    async def load(self, path: Path, progress: Progress, stopped: Callable[[], bool], /) -> HashedFile:
        """Read and hash a file. Nothing is waited for."""
        if self._arena is None:
            blob: Blob = read_file(path, name_in_folder(path))
            return HashedFile(blob, digest_blob(blob, sha3=True))
        file = FileBlob(path, name_in_folder(path))
        offset = self._arena.allocate(file.size)
        self._arena.write(offset, file.read(0, file.size))
        blob = ArenaBlob(self._arena, offset, file.size, file.name)
        return HashedFile(blob, digest_blob(blob, sha3=True), offset)


def open_local(
    *paths: Path,
    tokenizer: Path | None = None,
    backend: Backend = "wasm",
    expected: Expected | None = None,
    task: Task | None = "generate",
    context: int | None = None,
) -> OpenModel:
    """Open a model, to write or to make vectors of texts.

    Parameters
    ----------
    paths : its file, any part of it, its folder, or all of its files.
    tokenizer : tokenizer.bin, for a llama2.c model, which brings none.
    backend : wasm is the fast one, through wasmtime; numpy is plain and slow.
    expected : of its file; of several, of their list (digest.digest_list).
    task : what it is opened for; None for what its architecture is for.
    context : positions of a text with its prompt; None for as many as the model has and the memory holds.

    Raises
    ------
    InvalidSettingError : a context that the model does not have.
    ContextTooLargeError : a context that the memory does not hold; it names the longest that it does.
    TaleproofError : whatever is wrong with the files, in the words of its own class.
    """
    arena = None
    if backend == "wasm":
        from taleproof.memory.wasmtime import fastest_arena

        arena = fastest_arena()

    def writes(engine: Engine) -> Writes:
        longest = engine.config.n_ctx_train
        if context is not None and not 1 <= context <= longest:
            raise InvalidSettingError("context", context, 1, longest)
        if arena is None:
            return Writes(engine, engine.session(context or engine.longest_context))
        return Writes(engine, longest_session(arena, engine, context))

    sources = [Source("model", path) for path in paths_of_model(paths)]
    if tokenizer is not None:
        sources.append(Source("tokenizer", tokenizer))
    kernels = None if arena is None else arena.kernels
    opener = Opener(DiskLoader(arena), arena, kernels, lambda: None, opening)
    # Whoever names files on a disk accepts them; ``expected`` is how they ask for one model and no other.
    terms = Terms(lambda _role, _digests: True, writes, task, expected)
    opened = _at_once(opener.open(sources, terms))
    assert isinstance(opened, OpenModel)
    return opened


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("a file on a disk is waited for")
