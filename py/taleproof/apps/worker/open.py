# SPDX-License-Identifier: Apache-2.0
"""The page's way through the opener: its requests come in, an OpenModel or a PendingApproval goes out (apps/opener.py).

What is the page's own is here: which digests the person has accepted, and a session of the longest context that the
browser's memory holds.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from taleproof.apps import opener
from taleproof.apps.context import longest_session
from taleproof.apps.open_model import OpenModel, Writes
from taleproof.apps.opener import PendingApproval, Progress, Role, Terms
from taleproof.apps.worker.files import SourceRequest, sources_of
from taleproof.apps.worker.load import FileSpec, Loader
from taleproof.apps.worker.protocol.files import Purpose, RegistryAnswers
from taleproof.memory.browser import BrowserArena
from taleproof.models import Task
from taleproof.tasks.engine import Engine
from taleproof.trust.digest import Digests


TASKS: Mapping[Purpose, Task | None] = {"write": "generate", "embed": "embed", "any": None}

AskRegistry = Callable[[], Awaitable[RegistryAnswers]]
"""Waits for the registry's answers."""


class Opener:
    """Opens one model at a time; what waits for the person's word stays in the arena until the next request.

    Parameters
    ----------
    interrupts : the context in which Stop may break into Python; parsing and preparing run in it.
    """

    def __init__(
        self, arena: BrowserArena, loader: Loader, interrupts: AbstractContextManager[None] | None = None
    ) -> None:
        self._arena = arena
        ground, context = arena.mark(), interrupts or nullcontext()
        self._opener: opener.Opener[FileSpec] = opener.Opener(
            loader, arena, arena.kernels, lambda: arena.release(ground), lambda _name, _size: context
        )

    async def empty(self) -> None:
        """Take back the whole arena."""
        await self._opener.empty()

    async def open(
        self,
        requests: Sequence[SourceRequest],
        purpose: Purpose,
        context: int | None,
        progress: Progress,
        stopped: Callable[[], bool],
        ask_registry: AskRegistry | None = None,
    ) -> OpenModel | PendingApproval:
        """Load, judge and prepare a model.

        Parameters
        ----------
        purpose : with "any" it is prepared for what its architecture is for.
        context : positions of its session; None for as many as the model and the memory allow.
        stopped : whether the person has had enough.
        ask_registry : waited for once the model's files are there; None where nobody asks the registry. The registry
            may name a SHA3-256, so where it is asked both digests are computed, as the bytes pass.

        Raises
        ------
        ContextTooLargeError : a longer context was asked for than fits.
        RefusedFileError, TaleproofError : as opener.Opener.open says.
        """
        accepted: dict[Role, str] = {}
        for each in requests:
            digest = each.request.get("accept")
            if digest is not None:
                accepted.setdefault(each.request["role"], digest.lower())

        def accept(role: Role, digests: Digests) -> bool:
            return accepted.get(role) == digests.sha256

        try:
            sources = sources_of(requests, sha3=ask_registry is not None)
        except BaseException:
            await self.empty()
            raise
        terms = Terms(accept, lambda engine: self._writes(engine, context), TASKS[purpose], None, ask_registry)
        return await self._opener.open(sources, terms, progress, stopped)

    def _writes(self, engine: Engine, context: int | None) -> Writes:
        engine.reserve_sampling()
        before = self._arena.top
        session = longest_session(self._arena, engine, context)
        return Writes(engine, session, self._arena.top - before)
