# SPDX-License-Identifier: Apache-2.0
"""``taleproof.open`` in Pyodide: paths and addresses come in, a Model goes out, with no page of ours around it.

The kernels come from the package, and run on one thread (browser_arena.py). The bytes of a model go through the page's
loader (apps/worker/load.py). Refused: whatever these refuse.
"""

from contextlib import nullcontext
from pathlib import Path

from taleproof.apps.context import longest_session
from taleproof.apps.library import disk
from taleproof.apps.library.browser_arena import fastest_arena
from taleproof.apps.library.fetching import Fetcher, NoStore, PathFile
from taleproof.apps.library.model import Model
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
from taleproof.apps.open_model import OpenModel, Writes
from taleproof.apps.opener import Opener, Terms
from taleproof.apps.worker.files import SourceRequest, sources_of
from taleproof.apps.worker.load import FileSpec, Loader
from taleproof.models import Task


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
    chosen, expected, purpose = read_backend(backend), read_expect(expect), read_task(task)
    if chosen == "numpy":
        return disk.open(source, task=task, expect=expect, backend=chosen)
    arena = await fastest_arena()
    loader = Loader(arena, NoStore(), Fetcher())
    ground = arena.mark()  # above what the loader has in it for its digests
    opener: Opener[FileSpec] = Opener(
        loader, arena, arena.kernels, lambda: arena.release(ground), lambda _name, _size: nullcontext()
    )
    # Whoever names the files accepts them; ``expect`` is how they ask for one model and no other.
    terms = Terms(
        lambda _role, _digests: True,
        lambda engine: Writes(engine, longest_session(arena, engine, None)),
        purpose,
        expected,
    )
    opened = await opener.open(sources_of(_requests(read_source(source)), sha3=True), terms)
    assert isinstance(opened, OpenModel)
    return Model(opened, expected)


def _requests(names: list[str]) -> list[SourceRequest]:
    """Return a request for each source: addresses and files. Of a folder, the files that are one model."""
    places: list[str | Path] = [name if is_address(name) else Path(name) for name in names]
    paths = [place for place in places if isinstance(place, Path)]
    if len(paths) == len(places):
        places = [*paths_of_model(paths)]
    return [_source(place) for place in places]


def _source(place: str | Path) -> SourceRequest:
    if isinstance(place, Path):
        return SourceRequest({"role": "model", "source": {"kind": "file", "file": {}}, "pinned": None}, PathFile(place))
    return SourceRequest({"role": "model", "source": {"kind": "url", "url": place}, "pinned": None})
