# SPDX-License-Identifier: Apache-2.0
"""Which files a request of the page asks for, and what several loaded ones are together.

In come a request (protocol/files.py) and the files that the person chose; out go Asked, file by file: of a folder
those that are one model, of an address also those that its name implies. Refused: folders with no model, or several.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from taleproof.apps.worker.load import Loaded, Wanted
from taleproof.apps.worker.ports import LocalFile
from taleproof.apps.worker.protocol.files import ExpectedDigests, FileRequest, NamedDigests
from taleproof.apps.worker.shown import shown_files
from taleproof.io.model_files import files_of_model, names_beside
from taleproof.trust.digest import Digests, Expected, digest_list
from taleproof.trust.verdict import Judged


CHOSEN = "What was chosen"
"""What messages call a folder that was dropped: browsers do not always tell its name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A file that is to be loaded.

    Attributes
    ----------
    pinned : what vouches for it.
    optional : whether the model may do without it, where it is not found.
    """

    wanted: Wanted
    pinned: Expected | None
    optional: bool = False


@dataclass(slots=True)
class LoadedSet:
    """All files of a model, in the arena."""

    files: list[Loaded] = field(default_factory=list)
    pinned: list[Expected | None] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What messages call the model: its first file."""
        return self.files[0].name

    @property
    def digests(self) -> Digests:
        """What the model is known by: its file's digests, or of several those of their list."""
        if len(self.files) == 1:
            return self.files[0].digests
        return digest_list([(file.name, file.digests) for file in self.files])

    @property
    def stored(self) -> bool:
        """Whether this browser keeps all of it."""
        return all(file.stored for file in self.files)

    @property
    def judged(self) -> Judged:
        """What it is judged by: several files, each as it was pinned, are pinned together."""
        if len(self.files) == 1:
            return Judged(self.digests, self.pinned[0])
        digests = self.digests
        together = None if None in self.pinned else Expected(digests.sha256, digests.sha3_256, digests.size)
        return Judged(digests, together, len(self.files))

    @property
    def several(self) -> tuple[tuple[str, Digests], ...]:
        """Name and digests of each file, where there is more than one."""
        return tuple((file.name, file.digests) for file in self.files) if len(self.files) > 1 else ()

    def described(self) -> list[NamedDigests]:
        """Return what the page is told of each file, where there are several."""
        return shown_files(self.several)


def expected(digests: ExpectedDigests | None) -> Expected | None:
    """Return what the page says that a file must be."""
    if digests is None:
        return None
    return Expected(digests.get("sha256"), digests.get("sha3_256"), digests.get("size"))


def asked_files(
    request: FileRequest,
    file: LocalFile | None,
    further: Iterable[tuple[FileRequest, LocalFile | None]] = (),
    *,
    sha3: bool = False,
) -> list[Asked]:
    """Return all files of a request, the first with weights before all others.

    Parameters
    ----------
    file : what the person chose for the request's source.
    further : the other files of a model in several, each with what the person chose for it.
    sha3 : whether SHA3-256 is wanted of each, whatever is expected.

    Raises
    ------
    NoModelInFolderError, SeveralModelsError
    """
    asked = [_asked(request, file, sha3), *(_asked(wish, chosen, sha3) for wish, chosen in further)]
    if len(asked) == 1:
        return _with_siblings(asked[0])
    if all(each.wanted.file is not None for each in asked):
        by_name = {each.wanted.name: each for each in asked}
        asked = [by_name[name] for name in files_of_model(list(by_name), CHOSEN)]
    if len(asked) > 1:  # several that nobody listed could not be found again together
        asked = [replace(each, wanted=replace(each.wanted, keep=each.wanted.expected is not None)) for each in asked]
    return asked


def _asked(wish: FileRequest, file: LocalFile | None, sha3: bool) -> Asked:
    return Asked(_wanted(wish, file, sha3), expected(wish.get("pinned")))


def _wanted(wish: FileRequest, file: LocalFile | None, sha3: bool) -> Wanted:
    """Return what is to be loaded, out of ``{source, pinned, listed}``."""
    source, vouched = wish["source"], expected(wish.get("pinned") or wish.get("listed"))
    if source["kind"] == "file":
        if file is None:
            raise ValueError("the page names a chosen file, and hands over none")
        return Wanted(file.name, vouched, file=file, sha3=sha3)
    if source["kind"] == "stored":
        name = source.get("name") or f"{source['sha256'][:12]}..."
        return Wanted(name, vouched, stored=source["sha256"].lower(), sha3=sha3)
    url = source["url"]
    name = source.get("name") or url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    return Wanted(name, vouched, url=url, sha3=sha3)


def _with_siblings(asked: Asked) -> list[Asked]:
    """Return a file at an address, or the ones that belong to its name; nobody vouches for those."""
    url = asked.wanted.url
    if url is None or asked.wanted.expected is not None:
        return [asked]
    path, mark, query = url.partition("?")
    folder, _, name = path.rpartition("/")
    names = names_beside(name)
    if len(names) == 1:
        return [asked]
    return [
        Asked(replace(asked.wanted, name=each, url=f"{folder}/{each}{mark}{query}", keep=False), None, not needed)
        for each, needed in names
    ]
