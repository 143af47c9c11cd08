# SPDX-License-Identifier: Apache-2.0
"""What the engine worker calls: open, start, next, stop, alternatives, embed, close. No other module of the page's
imports pyodide.

In come JSON requests (protocol/) and the page's means: arena, storage, downloads. Out goes JSON, either
{"ok": result} or {"error": {code, message, details, verdict}}; no Python object crosses the border, so none can leak.
Errors that are not meant for people are not caught here: the worker takes them for a crash.
"""

import json
import platform
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

from pyodide.ffi import to_js

from taleproof import __version__
from taleproof.apps.open_model import OpenModel
from taleproof.apps.opener import PendingApproval, Progress, RefusedFileError
from taleproof.apps.worker.files import SourceRequest
from taleproof.apps.worker.interrupt import Interrupts
from taleproof.apps.worker.load import Loader
from taleproof.apps.worker.open import AskRegistry, Opener
from taleproof.apps.worker.places import places
from taleproof.apps.worker.ports import JsFetcher, JsSource, Store
from taleproof.apps.worker.protocol import files, stories
from taleproof.apps.worker.protocol.calls import EngineFacts, ErrorData
from taleproof.apps.worker.protocol.files import Purpose, RegistryAnswers
from taleproof.apps.worker.protocol.models import LoadPhase, MemoryFigures, OpenResult
from taleproof.apps.worker.shown import shown_files, shown_model, shown_verdict
from taleproof.apps.worker.story import Batch, Story
from taleproof.errors import NoModelError, StillWritingError, StoppedError, TaleproofError
from taleproof.memory.arena import MAX_BYTES
from taleproof.memory.browser import BrowserArena, JsArena
from taleproof.nn.numerics import NUMERICS_VERSION
from taleproof.sampling.entropy import Entropy, seed_everything
from taleproof.tasks.embed import embed_text
from taleproof.tasks.generate import ReusableSession
from taleproof.trust.verdict import Verdict


Result: TypeAlias = EngineFacts | OpenResult | files.Verdict | Batch | list[stories.Place] | list[float] | None
"""What a method answers with; which of them is said by PythonResults (protocol/calls.py)."""


class Means(Protocol):
    """What web/engine/worker/start.ts hands over."""

    arena: JsArena
    storage: Store
    fetcher: JsFetcher
    device_bytes: int | None

    def python_bytes(self) -> int:
        """Return the size of Python's own memory."""
        ...


def create(means: Means) -> "Api":
    """Return the engine; from here on everything random comes from the seeded generator."""
    return Api(means, seed_everything())


class Api:
    """One engine with at most one model and one story."""

    def __init__(self, means: Means, entropy: Entropy) -> None:
        self._means, self._entropy = means, entropy
        self._arena = BrowserArena(means.arena, means.device_bytes or MAX_BYTES)
        self._loader = Loader(self._arena, means.storage, means.fetcher)
        self._interrupts = Interrupts()
        self._opener = Opener(self._arena, self._loader, self._interrupts)
        self._opened: OpenModel | None = None
        self._session: ReusableSession | None = None
        self._story: Story | None = None

    def info(self) -> str:
        """Return what is fixed about this engine."""
        return _ok(self._facts())

    async def open(
        self,
        sources: Iterable[JsSource],
        purpose: Purpose,
        context: int | None,
        progress: Callable[[LoadPhase, str, int, int | None], None],
        stopped: Callable[[], bool],
        registry: Callable[[], Awaitable[str]] | None,
    ) -> str:
        """Open a model in place of the present one.

        Parameters
        ----------
        sources : all of a request, each with its role; the model's first one names it.
        purpose, context : the request's.
        registry : waits for the RegistryAnswers; None where the registry is not asked.
        """
        requests = [SourceRequest(json.loads(source.request), source.file) for source in sources]
        ask = None if registry is None else lambda: _decoded(registry())
        return await _answer_later(self._open(requests, purpose, context, progress, stopped, ask))

    def judge(self, answers: str) -> str:
        """Return the Verdict on the open model that newer RegistryAnswers give."""
        return _answer(lambda: self._judge(json.loads(answers)))

    async def cancel(self) -> None:
        """End what is being loaded, once ``stopped`` says so, without waiting for the network."""
        await self._loader.stop()

    def start(self, request: str) -> str:
        """Begin a story, or go on with the present one; ``request`` is a StartRequest."""
        return self._interruptible(lambda: self._start(json.loads(request)))

    def next(self) -> str:
        """Return the next events of the story; one that is interrupted here can't be continued."""
        return self._interruptible(lambda: self._story.next() if self._story else [])

    def stop(self) -> str:
        """End the story's run."""
        return _answer(lambda: self._story.stop() if self._story else [])

    def alternatives(self, request: str) -> str:
        """Return what else could have stood in a text; ``request`` is an AlternativesRequest."""
        return self._interruptible(lambda: self._alternatives(json.loads(request)), ends_story=False)

    def embed(self, text: str) -> str:
        """Return the vector of a text, of the open encoder's."""
        return self._interruptible(lambda: self._embed(text))

    async def close(self) -> str:
        """Forget model and story, and empty the arena."""
        return await _answer_later(self._close())

    def random_bytes(self, count: int) -> Any:
        """Return bytes of the seeded generator, for ``crypto.getRandomValues``."""
        return to_js(self._entropy.fill(count))

    def _facts(self) -> EngineFacts:
        return {
            "kernels": self._arena.build,
            "numericsVersion": NUMERICS_VERSION,
            "version": __version__,
            "python": platform.python_version(),
            "memory": self._memory(),
        }

    async def _open(
        self,
        requests: Sequence[SourceRequest],
        purpose: Purpose,
        context: int | None,
        progress: Progress,
        stopped: Callable[[], bool],
        ask: AskRegistry | None,
    ) -> OpenResult:
        self._opened = self._session = self._story = None
        answer = await self._opener.open(requests, purpose, context, progress, stopped, ask)
        if isinstance(answer, PendingApproval):
            return {
                "kind": "needs-acceptance",
                "role": answer.role,
                "name": answer.loaded.name,
                "files": shown_files(answer.loaded.several),
                "verdict": shown_verdict(answer.verdict),
            }
        self._opened = answer
        if answer.task == "generate":
            self._session = ReusableSession(answer.session)
        return {
            "kind": "ready",
            "model": shown_model(answer),
            "verdict": shown_verdict(answer.verdict),
            "memory": self._memory(),
        }

    def _interruptible(self, work: Callable[[], Result], *, ends_story: bool = True) -> str:
        """Answer like `_answer`; Stop may break into the work, and into the story where that is the work."""
        try:
            with self._interrupts:
                result = work()
        except TaleproofError as error:
            return _failed(error)
        except KeyboardInterrupt:
            # How far cache, generator and text had come is unknown: the story ends here, and the next step begins anew.
            if ends_story:
                self._story = None
            if self._session is not None:
                self._session.lend()
            return _failed(StoppedError())
        return _ok(result)

    def _judge(self, answers: RegistryAnswers) -> files.Verdict:
        if self._opened is None:
            raise NoModelError
        return shown_verdict(self._opened.judge(answers))

    async def _close(self) -> None:
        self._opened = self._session = self._story = None
        await self._opener.empty()

    def _start(self, request: stories.StartRequest) -> Batch:
        if self._opened is None or self._session is None:
            raise NoModelError
        if request["kind"] == "new":
            self._story = Story(self._opened, self._session, request, self._memory)
        elif self._story is None:
            raise NoModelError
        else:
            self._story.resume(request["maxTokens"])
        return self._story.started()

    def _alternatives(self, request: stories.AlternativesRequest) -> list[stories.Place]:
        if self._opened is None or self._session is None:
            raise NoModelError
        if self._story is not None and self._story.writing:
            raise StillWritingError
        return places(self._opened, self._session, request)

    def _embed(self, text: str) -> list[float]:
        if self._opened is None or self._opened.task != "embed":
            raise NoModelError
        return [float(number) for number in embed_text(self._opened.embedder, self._opened.tokenizer, text)]

    def _memory(self) -> MemoryFigures:
        opened = self._opened
        return {
            "arena": self._arena.size,
            "python": self._means.python_bytes(),
            "model": opened.file.size if opened else 0,
            "cache": opened.cache_bytes if opened else 0,
        }


async def _decoded(answers: Awaitable[str]) -> RegistryAnswers:
    decoded: RegistryAnswers = json.loads(await answers)
    return decoded


def _ok(result: Result) -> str:
    return json.dumps({"ok": result}, allow_nan=False)


def _failed(error: TaleproofError, verdict: Verdict | None = None) -> str:
    data: ErrorData = {
        "code": error.code,
        "message": error.message,
        "details": error.details,
        "verdict": None if verdict is None else shown_verdict(verdict),
    }
    return json.dumps({"error": data}, allow_nan=False)


def _answer(work: Callable[[], Result]) -> str:
    try:
        return _ok(work())
    except TaleproofError as error:
        return _failed(error)


async def _answer_later(work: Awaitable[Result]) -> str:
    try:
        return _ok(await work)
    except RefusedFileError as refused:
        return _failed(refused.error, refused.verdict)
    except KeyboardInterrupt:
        return _failed(StoppedError())
    except TaleproofError as error:
        return _failed(error)
