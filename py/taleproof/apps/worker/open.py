# SPDX-License-Identifier: Apache-2.0
"""From a request to an opened model, in the browser: load, judge, and only then parse.

In comes a request of the page, and later what the registry says, which is asked while the files load; out goes an
Opened, or a Waiting where the person has yet to accept a file that nobody vouches for. Refused: bytes that are not the
ones vouched for, whose verdict goes with the error, and whatever cannot be loaded or parsed. After any refusal the
arena is as empty as before.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from taleproof.apps.model_set import read_model
from taleproof.apps.worker.files import Asked, LoadedSet, asked_files
from taleproof.apps.worker.load import Loaded, Loader, Progress
from taleproof.apps.worker.ports import LocalFile
from taleproof.apps.worker.protocol.files import OpenRequest, RegistryAnswers, Role, RoleRequest
from taleproof.apps.worker.protocol.models import FileInfo, ModelInfo
from taleproof.apps.worker.shown import shown_digests
from taleproof.errors import (
    ContextTooLargeError,
    NotAcceptedError,
    OutOfMemoryError,
    SourceNotFoundError,
    StoppedError,
    TaleproofError,
)
from taleproof.errors.base import plain
from taleproof.formats import ModelFile
from taleproof.memory.arena import ArenaBlob
from taleproof.memory.browser import BrowserArena
from taleproof.models import task_of
from taleproof.tasks import embed as embedders
from taleproof.tasks.embed import Embedder
from taleproof.tasks.engine import Engine, Session, open_wasm
from taleproof.tokenizers import Tokenizer
from taleproof.trust.digest import Digests
from taleproof.trust.verdict import Judged, Verdict, overall


SHORTEST_CONTEXT = 32
"""Positions below which no story is worth beginning: a context is a multiple of this in any case."""

TEMPLATE_KEY = "tokenizer.chat_template"

NOT_ASKED: RegistryAnswers = {"model": None, "tokenizer": None}
"""What holds where the registry was not asked."""

AskRegistry = Callable[[], Awaitable[RegistryAnswers]]
"""Waits for the registry's answers."""


class RefusedFileError(Exception):
    """An error together with the verdict that explains it."""

    def __init__(self, error: TaleproofError, verdict: Verdict) -> None:
        super().__init__(error.message)
        self.error = error
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Waiting:
    """A model, or its tokenizer, that is in the arena and not parsed, until the person accepts its digest."""

    role: Role
    loaded: LoadedSet
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A model that is ready for use.

    Attributes
    ----------
    judged : what the model and its tokenizer are judged by, by role.
    tokenizer_digests : of a tokenizer.bin; None where the model brings its tokenizer.
    """

    loaded: LoadedSet
    verdict: Verdict
    judged: Mapping[str, Judged]
    file: ModelFile
    tokenizer: Tokenizer
    tokenizer_digests: Digests | None

    def judge(self, answers: RegistryAnswers) -> Verdict:
        """Return the verdict that newer answers of the registry give; the model stays as it is."""
        return overall(self.judged, answers)

    def described_files(self) -> FileInfo:
        """Return what the files tell."""
        file = self.file
        return {
            "name": plain(file.text("general.name", self.loaded.name)),
            "format": file.format,
            "architecture": file.architecture,
            "parameters": sum(tensor.elements for tensor in file.tensors.values()),
            "quantisation": quantisation(file),
            "hasChatTemplate": TEMPLATE_KEY in file.metadata or file.start_token is not None,
            "bytes": self.loaded.digests.size,
            "digests": shown_digests(self.loaded.digests),
            "files": self.loaded.described(),
            "tokenizer": shown_digests(self.tokenizer_digests) if self.tokenizer_digests else None,
            "stored": self.loaded.stored,
        }


@dataclass(frozen=True, slots=True)
class Opened(OpenedModel):
    """A model that writes.

    Attributes
    ----------
    cache_bytes : what the session's cache and scratch take in the arena.
    """

    engine: Engine
    session: Session
    cache_bytes: int

    def describe(self) -> ModelInfo:
        """Return what the page is told of it."""
        config = self.engine.config
        return {
            **self.described_files(),
            "contextLength": config.n_ctx_train,
            "sessionLength": self.session.n_ctx,
            "vocabulary": config.vocab_size,
        }


@dataclass(frozen=True, slots=True)
class OpenedEmbedder(OpenedModel):
    """A model that makes vectors of texts."""

    embedder: Embedder

    def describe(self) -> ModelInfo:
        """Return what the page is told of it."""
        config = self.embedder.config.text
        return {
            **self.described_files(),
            "contextLength": config.n_ctx_train,
            "sessionLength": config.n_ctx_train,
            "vocabulary": config.vocab_size,
        }


def quantisation(file: ModelFile) -> str:
    """Return the block type that most weights have."""
    weights: Counter[str] = Counter()
    for tensor in file.tensors.values():
        weights[tensor.type.name] += tensor.elements
    return weights.most_common(1)[0][0] if weights else "none"


class Opener:
    """Opens one model at a time; what waits for the person's word stays in the arena until the next request.

    Parameters
    ----------
    interrupts : the context in which Stop may break into Python; parsing and preparing run in it.
    """

    def __init__(
        self, arena: BrowserArena, loader: Loader, interrupts: AbstractContextManager[None] | None = None
    ) -> None:
        self._arena, self._loader = arena, loader
        self._interrupts = interrupts or nullcontext()
        self._ground = arena.mark()
        self._held: dict[Role, LoadedSet] = {}

    async def empty(self) -> None:
        """Take back the whole arena."""
        held, self._held = self._held, {}
        for loaded in held.values():
            for file in loaded.files:
                if file.partial is not None:
                    await file.partial.discard()
        self._arena.release(self._ground)

    async def open(
        self,
        request: OpenRequest,
        files: Mapping[Role, LocalFile | None],
        progress: Progress,
        stopped: Callable[[], bool],
        ask_registry: AskRegistry | None = None,
        others: Sequence[LocalFile | None] = (),
    ) -> Opened | OpenedEmbedder | Waiting:
        """Load, judge and prepare a model, to write or, where the request's purpose is "embed", to make vectors.

        With the purpose "any" it is prepared for what its architecture is for.

        Parameters
        ----------
        files : the files that the person chose, by role: "model", "tokenizer".
        stopped : whether the person has had enough.
        ask_registry : waited for once the first file is there; None where nobody asks the registry. The registry may
            name a SHA3-256, so where it is asked both digests are computed, as the bytes pass.
        others : the files that the person chose, for the request's ``files``.
        """
        wishes: dict[Role, RoleRequest] = {"model": request}
        tokenizer = request.get("tokenizer")
        if tokenizer is not None:
            wishes["tokenizer"] = tokenizer
        if not self._is_held("model", request.get("accept")):
            await self.empty()
        try:
            answers: RegistryAnswers | None = None
            judged: dict[str, Judged] = {}
            for role, wish in wishes.items():
                if not self._is_held(role, wish.get("accept")):
                    further = zip(request.get("files", ()), others, strict=True) if role == "model" else ()
                    asked = asked_files(wish, files.get(role), further, sha3=ask_registry is not None)
                    await self._load(role, asked, progress, stopped)
                if answers is None:
                    answers = await ask_registry() if ask_registry is not None else NOT_ASKED
                judged[role] = self._held[role].judged
                waiting = self._judge(role, judged[role].under(answers.get(role)), wish.get("accept"))
                if waiting is not None:
                    return waiting
            if stopped():
                raise StoppedError
            with self._interrupts:
                opened = self._prepare(judged, overall(judged, answers or NOT_ASKED), request, progress)
        except BaseException:
            await self.empty()
            raise
        for loaded in self._held.values():
            for file in loaded.files:
                await file.keep()
        self._held = {}
        return opened

    async def _load(self, role: Role, asked: Sequence[Asked], progress: Progress, stopped: Callable[[], bool]) -> None:
        """Load the files of a model, or of its tokenizer; one that is not as it is pinned ends it."""
        loaded = self._held[role] = LoadedSet()
        for each in asked:
            try:
                file = await self._loader.load(each.wanted, progress, stopped)
            except SourceNotFoundError:
                if not each.optional:
                    raise
                continue
            loaded.files.append(file)
            loaded.pinned.append(each.pinned)
            verdict = Judged(file.digests, each.pinned).under(None)
            if len(asked) > 1 and verdict.kind == "refused":  # one alone is judged when the registry was asked
                self._require_usable(file.name, verdict, None)

    def _is_held(self, role: Role, accepted: str | None) -> bool:
        held = self._held.get(role)
        return held is not None and accepted is not None and held.digests.sha256 == accepted.lower()

    def _judge(self, role: Role, verdict: Verdict, accepted: str | None) -> Waiting | None:
        """Return what waits for the person's word, None for a file that may be used; raise for one that may not."""
        loaded = self._held[role]
        try:
            self._require_usable(loaded.name, verdict, accepted)
        except NotAcceptedError:
            return Waiting(role, loaded, verdict)
        return None

    @staticmethod
    def _require_usable(name: str, verdict: Verdict, accepted: str | None) -> None:
        try:
            verdict.require_usable(name, accepted)
        except NotAcceptedError:
            raise
        except TaleproofError as error:
            raise RefusedFileError(error, verdict) from None

    def _prepare(
        self, judged: Mapping[str, Judged], verdict: Verdict, request: OpenRequest, progress: Progress
    ) -> Opened | OpenedEmbedder:
        """Parse what was judged, and build the model where it lies."""
        loaded, words = self._held["model"], self._held.get("tokenizer")
        size = loaded.digests.size
        progress("prepare", loaded.name, 0, size)
        given = None if words is None else self._blob(words.files[0])
        model = read_model([self._blob(file) for file in loaded.files], given)
        offsets = [loaded.files[index].intake.offset for index in model.weights]
        words_digests = words.digests if words is not None and model.uses_given else None
        common = (loaded, verdict, judged, model.file, model.tokenizer, words_digests)
        opened: Opened | OpenedEmbedder
        purpose = request.get("purpose")
        if purpose == "embed" or (purpose == "any" and task_of(model.file) == "embed"):
            opened = OpenedEmbedder(*common, embedders.open_wasm(self._arena, model.file, offsets))
        else:
            engine = open_wasm(self._arena, model.file, offsets)
            engine.reserve_sampling()
            before = self._arena.top
            session = self._session(engine, request.get("contextLength"))
            opened = Opened(*common, engine, session, self._arena.top - before)
        progress("prepare", loaded.name, size, size)
        return opened

    def _session(self, engine: Engine, asked: int | None) -> Session:
        """Return a session of the context asked for, or of the longest that fits: of half of it, of a quarter, ...

        Raises
        ------
        ContextTooLargeError : more was asked for than fits.
        OutOfMemoryError : not even SHORTEST_CONTEXT fits.
        """
        mark, context = self._arena.mark(), asked or engine.default_context
        while True:
            try:
                session = engine.session(context)
            except OutOfMemoryError:
                self._arena.release(mark)
                if context <= SHORTEST_CONTEXT:
                    raise
                context = max(context // 2, SHORTEST_CONTEXT)
                continue
            if asked is not None and context < asked:
                raise ContextTooLargeError(asked, context)
            return session

    def _blob(self, loaded: Loaded) -> ArenaBlob:
        return ArenaBlob(self._arena, loaded.intake.offset, loaded.intake.size, loaded.name)
