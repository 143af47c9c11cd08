# SPDX-License-Identifier: Apache-2.0
"""A model that is open, whoever opened it and from where: terminal, library and page's engine have the same.

In come hashed and judged files, and what was built of them; out go what the model does, and the record of its texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from taleproof import __version__
from taleproof.errors import OtherTaskError
from taleproof.formats import ModelFile
from taleproof.io.reader import Blob
from taleproof.models import Task
from taleproof.record.record import StoryForm, StoryRecord
from taleproof.sampling.config import SamplerConfig
from taleproof.tasks.embed import Embedder
from taleproof.tasks.engine import Engine, Session
from taleproof.tasks.generate import Limits
from taleproof.tasks.writing import Writing
from taleproof.tokenizers import Tokenizer
from taleproof.trust.digest import Digests, Expected, digest_list
from taleproof.trust.verdict import Judged, Verdict, overall


class LoadedFile(Protocol):
    """A file whose bytes have been hashed, and cannot change any more."""

    @property
    def name(self) -> str: ...

    @property
    def digests(self) -> Digests: ...

    @property
    def stored(self) -> bool:
        """Whether this browser keeps it."""
        ...

    @property
    def blob(self) -> Blob:
        """Its bytes."""
        ...

    @property
    def offset(self) -> int | None:
        """Where it lies in the arena, if it does."""
        ...

    async def keep(self) -> None:
        """Keep it, now that its digest is right or accepted."""
        ...

    async def discard(self) -> None:
        """Forget the copy that waits to be kept."""
        ...


@dataclass(slots=True)
class LoadedFiles:
    """All files of a model, or of its tokenizer, with what vouches for each."""

    files: list[LoadedFile] = field(default_factory=list)
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


@dataclass(frozen=True)
class Writes:
    """What a model that writes does it with.

    Attributes
    ----------
    cache_bytes : what the session's cache and scratch take in the arena, where that is counted.
    """

    engine: Engine
    session: Session
    cache_bytes: int = 0


@dataclass(frozen=True)
class OpenModel:
    """A model that is ready for use.

    Attributes
    ----------
    judged : what the model and its tokenizer are judged by, by role.
    tokenizer_digests : of a tokenizer's file that was given beside the model; None where the model brings its own.
    kernels : the SHA-256 of the kernels' module; None on the numpy device.
    """

    loaded: LoadedFiles
    judged: Mapping[str, Judged]
    verdict: Verdict
    file: ModelFile
    tokenizer: Tokenizer
    tokenizer_digests: Digests | None
    kernels: str | None
    does: Writes | Embedder

    @property
    def task(self) -> Task:
        """What it was opened for."""
        return "generate" if isinstance(self.does, Writes) else "embed"

    @property
    def files(self) -> tuple[tuple[str, Digests], ...]:
        """Name and digests of each of its files; a tokenizer's own that was given beside them is left out."""
        return tuple((file.name, file.digests) for file in self.loaded.files)

    @property
    def digests(self) -> Digests:
        """What it is known by."""
        return self.loaded.digests

    @property
    def engine(self) -> Engine:
        """What runs it; OtherTaskError for one that makes vectors."""
        return self._writes.engine

    @property
    def session(self) -> Session:
        """What its texts are written in; OtherTaskError for one that makes vectors."""
        return self._writes.session

    @property
    def _writes(self) -> Writes:
        if not isinstance(self.does, Writes):
            raise OtherTaskError(self.loaded.name, "embed", "generate")
        return self.does

    @property
    def embedder(self) -> Embedder:
        """What makes vectors of texts; OtherTaskError for a model that writes."""
        if isinstance(self.does, Writes):
            raise OtherTaskError(self.loaded.name, "generate", "embed")
        return self.does

    @property
    def cache_bytes(self) -> int:
        """What the session's cache and scratch take in the arena."""
        return self.does.cache_bytes if isinstance(self.does, Writes) else 0

    def judge(self, answers: Mapping[str, Any]) -> Verdict:
        """Return the verdict that newer answers of the registry give; the model stays as it is."""
        return overall(self.judged, answers)

    def record(
        self,
        text: Writing,
        *,
        prompt: str,
        mode: Literal["raw", "chat", "story"],
        sampler: SamplerConfig,
        limits: Limits,
        date: str | None,
        story: StoryForm | None = None,
    ) -> StoryRecord:
        """Return everything that writes a text again.

        Parameters
        ----------
        prompt, mode : what was given, and how.
        date : the date that the chat template was given; None where it did not ask.
        story : in the mode ``story``, what was asked for.
        """
        transcript = text.transcript
        return StoryRecord(
            model_name=self.loaded.name,
            model=self.loaded.digests,
            files=self.loaded.several,
            tokenizer=self.tokenizer_digests,
            kernels=self.kernels,
            prompt=prompt,
            mode=mode,
            prompt_tokens=tuple(transcript.prompt_ids),
            context=text.context,
            sampler=sampler,
            limits=limits,
            tokens=tuple(transcript.tokens),
            text=transcript.text,
            finish_reason=text.finish_reason or "stopped",
            logits=text.logits_digests,
            engine=__version__,
            date=date,
            story=story,
        )
