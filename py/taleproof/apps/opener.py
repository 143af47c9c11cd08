# SPDX-License-Identifier: Apache-2.0
"""The one way from sources to an open model: load and hash, judge, and only then parse and build.

In comes one list of sources, each of which knows its role, and later what the registry says, which is asked while the
files load; out goes an OpenModel, or a PendingApproval where somebody has yet to accept a file that nobody vouches for.
Refused: bytes that are not the ones vouched for, whose verdict goes with the error, and whatever cannot be loaded or
parsed. After any refusal the arena is as empty as before. How a file is loaded is the loader's business: from a disk
(local.py) or into a browser (worker/load.py).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from taleproof.apps.model_set import read_model
from taleproof.apps.open_model import LoadedFile, LoadedFiles, OpenModel, Writes
from taleproof.errors import NotAcceptedError, SourceNotFoundError, StoppedError, TaleproofError
from taleproof.formats import ModelFile
from taleproof.memory.arena import Arena
from taleproof.models import Task, task_of
from taleproof.tasks import embed, engine
from taleproof.tasks.engine import Engine
from taleproof.trust.digest import Digests, Expected
from taleproof.trust.verdict import Judged, Verdict, overall


W = TypeVar("W")
WIn = TypeVar("WIn", contravariant=True)

Role = Literal["model", "tokenizer"]
Phase = Literal["connect", "download", "read", "prepare"]
Progress = Callable[[Phase, str, int, int | None], None]
"""Called with phase, file name, bytes so far, bytes in all."""

Answers = Mapping[str, Any]
"""What the registry says of each role's files, as JSON."""

NOT_ASKED: Answers = {}
"""What holds where the registry was not asked."""

Accept = Callable[[Role, Digests], bool]
"""Whether files that nobody vouches for are accepted, by the digests of a role."""


@dataclass(frozen=True)
class Source(Generic[W]):
    """A file that is to be opened.

    Attributes
    ----------
    spec : where it is, as its loader has it.
    pinned : what vouches for it.
    optional : whether the model may do without it, where it is not found.
    """

    role: Role
    spec: W
    pinned: Expected | None = None
    optional: bool = False


class Loader(Protocol[WIn]):
    """Brings files to where they are used, one at a time."""

    async def load(self, spec: WIn, progress: Progress, stopped: Callable[[], bool], /) -> LoadedFile:
        """Load and hash a file; SourceError and its kinds where that fails."""
        ...


class RefusedFileError(Exception):
    """An error together with the verdict that explains it."""

    def __init__(self, error: TaleproofError, verdict: Verdict) -> None:
        super().__init__(error.message)
        self.error = error
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """A model, or its tokenizer, that is loaded and not parsed, until somebody accepts its digest."""

    role: Role
    loaded: LoadedFiles
    verdict: Verdict


@dataclass(frozen=True)
class Terms:
    """On what terms a model is opened.

    Attributes
    ----------
    accept : whose word is enough where nobody vouches for the files.
    writes : makes the session of a model that writes.
    task : what it is opened for; None for what its architecture is for.
    expected : what the model must be; DigestMismatchError where it is not.
    ask_registry : waited for once the first files are there; None where nobody asks the registry.
    """

    accept: Accept
    writes: Callable[[Engine], Writes]
    task: Task | None = None
    expected: Expected | None = None
    ask_registry: Callable[[], Awaitable[Answers]] | None = None


class Opener(Generic[W]):
    """Opens one model at a time; what waits for somebody's word stays loaded until the next request.

    Parameters
    ----------
    arena : None on the numpy device.
    kernels : the SHA-256 of its kernels' module.
    release : takes back all that was loaded.
    preparing : the context, for a name and so many bytes, in which files are parsed and built.
    """

    def __init__(
        self,
        loader: Loader[W],
        arena: Arena | None,
        kernels: str | None,
        release: Callable[[], None],
        preparing: Callable[[str, int], AbstractContextManager[None]],
    ) -> None:
        self._loader, self._arena, self._kernels = loader, arena, kernels
        self._release, self._preparing = release, preparing
        self._held: dict[Role, LoadedFiles] = {}

    async def empty(self) -> None:
        """Take back everything."""
        held, self._held = self._held, {}
        for loaded in held.values():
            for file in loaded.files:
                await file.discard()
        self._release()

    async def open(
        self,
        sources: Sequence[Source[W]],
        terms: Terms,
        progress: Progress = lambda *_: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> OpenModel | PendingApproval:
        """Load, judge and prepare a model.

        Parameters
        ----------
        sources : those of the model, and those of its tokenizer where it brings none; the model's first one names it.
        stopped : whether the person has had enough.

        Raises
        ------
        RefusedFileError : a digest that differs from one that vouches for it, or files that were revoked.
        DigestMismatchError : another model than ``terms.expected``.
        StoppedError, TaleproofError : whatever is wrong with the files, in the words of its own class.
        """
        if not self._is_held("model", terms.accept):
            await self.empty()
        try:
            answers: Answers | None = None
            judged: dict[str, Judged] = {}
            for role in dict.fromkeys(source.role for source in sources):
                if not self._is_held(role, terms.accept):
                    await self._load(role, [each for each in sources if each.role == role], progress, stopped)
                if role == "model" and terms.expected is not None:
                    terms.expected.require(self._held[role].name, self._held[role].digests)
                if answers is None:
                    answers = await terms.ask_registry() if terms.ask_registry is not None else NOT_ASKED
                judged[role] = self._held[role].judged
                pending = self._judge(role, judged[role].under(answers.get(role)), terms.accept)
                if pending is not None:
                    return pending
            if stopped():
                raise StoppedError
            opened = self._prepare(judged, overall(judged, answers or NOT_ASKED), terms, progress)
        except BaseException:
            await self.empty()
            raise
        for loaded in self._held.values():
            for file in loaded.files:
                await file.keep()
        self._held = {}
        return opened

    async def _load(
        self, role: Role, sources: Sequence[Source[W]], progress: Progress, stopped: Callable[[], bool]
    ) -> None:
        """Load the files of a role; one that is not as it is pinned ends it."""
        loaded = self._held[role] = LoadedFiles()
        for source in sources:
            try:
                file = await self._loader.load(source.spec, progress, stopped)
            except SourceNotFoundError:
                if not source.optional:
                    raise
                continue
            loaded.files.append(file)
            loaded.pinned.append(source.pinned)
            verdict = Judged(file.digests, source.pinned).under(None)
            if len(sources) > 1 and verdict.kind == "refused":  # one alone is judged when the registry was asked
                self._require_usable(file.name, verdict, None)

    def _is_held(self, role: Role, accept: Accept) -> bool:
        held = self._held.get(role)
        return held is not None and accept(role, held.digests)

    def _judge(self, role: Role, verdict: Verdict, accept: Accept) -> PendingApproval | None:
        """Return what waits for somebody's word, None for a file that may be used; raise for one that may not."""
        loaded = self._held[role]
        accepted = verdict.actual.sha256 if accept(role, verdict.actual) else None
        try:
            self._require_usable(loaded.name, verdict, accepted)
        except NotAcceptedError:
            return PendingApproval(role, loaded, verdict)
        return None

    @staticmethod
    def _require_usable(name: str, verdict: Verdict, accepted: str | None) -> None:
        try:
            verdict.require_usable(name, accepted)
        except NotAcceptedError:
            raise
        except TaleproofError as error:
            raise RefusedFileError(error, verdict) from None

    def _prepare(self, judged: Mapping[str, Judged], verdict: Verdict, terms: Terms, progress: Progress) -> OpenModel:
        """Parse what was judged, and build the model where it lies."""
        loaded, tokenizer_files = self._held["model"], self._held.get("tokenizer")
        name, size = loaded.name, loaded.digests.size
        with self._preparing(name, size):
            progress("prepare", name, 0, size)
            model = read_model(
                [file.blob for file in loaded.files], None if tokenizer_files is None else tokenizer_files.files[0].blob
            )
            file, weights = model.file, [loaded.files[index] for index in model.weights]
            does: Writes | embed.Embedder
            if (terms.task or task_of(file)) == "embed":
                does = self._embedder(file, weights)
            else:
                does = terms.writes(self._engine(file, weights))
            progress("prepare", name, size, size)
        given = tokenizer_files.digests if tokenizer_files is not None and model.uses_given else None
        return OpenModel(loaded, judged, verdict, file, model.tokenizer, given, self._kernels, does)

    def _engine(self, file: ModelFile, weights: Sequence[LoadedFile]) -> Engine:
        if self._arena is None:
            return engine.open_numpy([each.blob for each in weights], file)
        return engine.open_wasm(self._arena, file, _offsets(weights))

    def _embedder(self, file: ModelFile, weights: Sequence[LoadedFile]) -> embed.Embedder:
        if self._arena is None:
            return embed.open_numpy([each.blob for each in weights], file)
        return embed.open_wasm(self._arena, file, _offsets(weights))


def _offsets(weights: Sequence[LoadedFile]) -> list[int]:
    return [each.offset for each in weights if each.offset is not None]
