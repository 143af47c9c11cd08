# SPDX-License-Identifier: Apache-2.0
"""``taleproof.open`` in Pyodide: paths and addresses come in, a Model goes out, with no page of ours around it.

The kernels come from the package, and run on one thread (browser_arena.py). The bytes of a model go through the page's
own opener (apps/worker/open.py). Refused: whatever these refuse.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taleproof.apps.library import disk
from taleproof.apps.library.browser_arena import fastest_arena
from taleproof.apps.library.fetching import Fetcher, NoStore, PathFile
from taleproof.apps.library.model import Model, Opened
from taleproof.apps.library.options import (
    Backend,
    Source,
    is_address,
    read_backend,
    read_expect,
    read_source,
    read_task,
)
from taleproof.apps.local import paths_of_model
from taleproof.apps.worker.load import Loader
from taleproof.apps.worker.open import NOT_ASKED, OpenedEmbedder, Opener, Waiting
from taleproof.apps.worker.protocol.files import FileRequest, OpenRequest, Purpose, RegistryAnswers
from taleproof.models import Task


_PURPOSES: Mapping[Task | None, Purpose] = {"generate": "write", "embed": "embed", None: "any"}


async def open(  # noqa: A001 - its public name
    source: Source,
    *,
    task: Task | None = None,
    expect: str | None = None,
    backend: Backend = "auto",
) -> Model:
    """Open a model. Every byte of it is hashed before one is parsed, and nothing of it is kept in the browser.

    Parameters
    ----------
    source : as on a disk, in Pyodide's file system; or an address, ``https://...``, of a model's file, or of all its
        files. What belongs to a file by its name, such as the other parts of a split one, is loaded from beside it.
    task, expect : as on a disk.
    backend : ``wasm``, which ``auto`` is too, runs the kernels in the browser; ``numpy`` reads paths only, and is slow.

    Raises
    ------
    SourceUnreachableError, ModelTooLargeError, SourceError : an address can't be read, or memory can't hold the model.
    MissingKernelsError, WrongKernelsError : this browser can't run the kernels.
    DigestMismatchError, InvalidDigestError, InvalidChoiceError, FormatError, TaleproofError : as on a disk.
    """
    chosen, expected, wanted = read_backend(backend), read_expect(expect), read_task(task)
    if chosen == "numpy":
        return disk.open(source, task=task, expect=expect, backend=chosen)
    request, files = _request(read_source(source), wanted)
    arena = await fastest_arena()
    opener = Opener(arena, Loader(arena, NoStore(), Fetcher()))

    async def load(accept: str | None) -> Any:
        return await opener.open(
            {**request, "accept": accept}, {"model": files[0]}, _untold, _goes_on, _nobody_asked, files[1:]
        )

    waiting = await load(None)
    assert isinstance(waiting, Waiting)  # nothing is pinned in the request, so all of it waits to be judged here
    actual = waiting.loaded.digests
    if expected is not None:
        expected.require(waiting.loaded.name, actual)
    ready = await load(actual.sha256)
    names = tuple((file.name, file.digests) for file in ready.loaded.files)
    common = (ready.file, ready.tokenizer, names, actual, expected, ready.tokenizer_digests, arena.kernels)
    if isinstance(ready, OpenedEmbedder):
        return Model(Opened(*common, embedder=ready.embedder))
    return Model(Opened(*common, writer=(ready.engine, ready.session)))


def _request(names: list[str], task: Task | None) -> tuple[OpenRequest, list[PathFile | None]]:
    """Return a request, and the files that it means where it names no address."""
    places: list[str | Path] = [name if is_address(name) else Path(name) for name in names]
    paths = [place for place in places if isinstance(place, Path)]
    if len(paths) == len(places):
        places = [*paths_of_model(paths)]
    files = [PathFile(place) if isinstance(place, Path) else None for place in places]
    first, *others = (_wish(place) for place in places)
    request: OpenRequest = {
        "source": first["source"],
        "pinned": None,
        "files": others,
        "purpose": _PURPOSES[task],
    }
    return request, files


def _wish(place: str | Path) -> FileRequest:
    if isinstance(place, Path):
        return {"source": {"kind": "file", "file": {}}, "pinned": None}
    return {"source": {"kind": "url", "url": place}, "pinned": None}


def _untold(_phase: str, _name: str, _done: int, _total: int | None) -> None:
    pass


def _goes_on() -> bool:
    return False


async def _nobody_asked() -> RegistryAnswers:
    """The answers of a registry that was asked nothing; with one, both digests of each file are computed."""
    return NOT_ASKED
