# SPDX-License-Identifier: Apache-2.0
"""Which files a request of the page asks for.

In come the request's sources (protocol/files.py), each with its role and with the file where the person chose one; out
go those that are to be loaded: of a folder those that are one model, of an address also those that its name implies.
Refused: folders with no model, or several.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from taleproof.apps.opener import Source
from taleproof.apps.worker.load import FileSpec
from taleproof.apps.worker.ports import LocalFile
from taleproof.apps.worker.protocol.files import ExpectedDigests, FileRequest
from taleproof.io.model_files import files_of_model, names_beside
from taleproof.trust.digest import Expected


CHOSEN = "What was chosen"
"""What messages call a folder that was dropped: browsers do not always tell its name."""


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """One source of a request. ``file`` is what the person chose, for a source that is a chosen file."""

    request: FileRequest
    file: LocalFile | None = None


def expected(digests: ExpectedDigests | None) -> Expected | None:
    """Return what the page says that a file must be."""
    if digests is None:
        return None
    return Expected(digests.get("sha256"), digests.get("sha3_256"), digests.get("size"))


def sources_of(requests: Sequence[SourceRequest], *, sha3: bool) -> list[Source[FileSpec]]:
    """Return all files of a request, the model's first one with weights before all others.

    Parameters
    ----------
    sha3 : whether SHA3-256 is wanted of each, whatever is expected.

    Raises
    ------
    NoModelInFolderError, SeveralModelsError
    """
    roles = dict.fromkeys(each.request["role"] for each in requests)
    sources = [_source(each, sha3) for each in requests]
    return [source for role in roles for source in _of_role([each for each in sources if each.role == role])]


def _of_role(sources: list[Source[FileSpec]]) -> list[Source[FileSpec]]:
    if len(sources) == 1:
        return _with_siblings(sources[0])
    if all(each.spec.file is not None for each in sources):
        by_name = {each.spec.name: each for each in sources}
        sources = [by_name[name] for name in files_of_model(list(by_name), CHOSEN)]
    if len(sources) > 1:  # several that nobody listed could not be found again together
        return [replace(each, spec=replace(each.spec, keep=each.spec.expected is not None)) for each in sources]
    return sources


def _source(each: SourceRequest, sha3: bool) -> Source[FileSpec]:
    return Source(each.request["role"], _spec(each.request, each.file, sha3), expected(each.request.get("pinned")))


def _spec(request: FileRequest, file: LocalFile | None, sha3: bool) -> FileSpec:
    """Return what is to be loaded, out of ``{source, pinned, listed}``."""
    source, vouched = request["source"], expected(request.get("pinned") or request.get("listed"))
    if source["kind"] == "file":
        if file is None:
            raise ValueError("the page names a chosen file, and hands over none")
        return FileSpec(file.name, vouched, file=file, sha3=sha3)
    if source["kind"] == "stored":
        name = source.get("name") or f"{source['sha256'][:12]}..."
        return FileSpec(name, vouched, stored=source["sha256"].lower(), sha3=sha3)
    url = source["url"]
    name = source.get("name") or url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    return FileSpec(name, vouched, url=url, sha3=sha3)


def _with_siblings(source: Source[FileSpec]) -> list[Source[FileSpec]]:
    """Return a file at an address, or the ones that belong to its name; nobody vouches for those."""
    url = source.spec.url
    if url is None or source.spec.expected is not None:
        return [source]
    path, mark, query = url.partition("?")
    folder, _, name = path.rpartition("/")
    names = names_beside(name)
    if len(names) == 1:
        return [source]
    found = []
    for each, needed in names:
        spec = replace(source.spec, name=each, url=f"{folder}/{each}{mark}{query}", keep=False)
        found.append(replace(source, spec=spec, pinned=None, optional=not needed))
    return found
