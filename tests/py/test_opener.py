# SPDX-License-Identifier: Apache-2.0
"""The one opener: what is loaded, kept and taken back, in what order, whatever the loader is."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from fixtures.folder import tiny_folder
from fixtures.make import tiny_gguf
from taleproof.apps.local import HashedFile
from taleproof.apps.open_model import LoadedFile, OpenModel, Writes
from taleproof.apps.opener import Opener, PendingApproval, Progress, RefusedFileError, Source, Terms
from taleproof.errors import DigestMismatchError, FormatError, SourceNotFoundError, StoppedError
from taleproof.io.reader import BytesBlob
from taleproof.tasks.engine import Engine
from taleproof.trust.digest import Digests, Expected, digest_blob


FILES = {"a.gguf": tiny_gguf(), "bad.gguf": b"GGUF, but no more of it", **tiny_folder()}


@dataclass
class Bench:
    """An opener on the numpy device, over files in memory; ``said`` is what it does with them."""

    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        release = lambda: self.said.append("release")  # noqa: E731
        self.opener: Opener[str] = Opener(self, None, None, release, lambda _name, _size: nullcontext())

    async def load(self, name: str, _progress: Progress, _stopped: Callable[[], bool], /) -> LoadedFile:
        if name not in FILES:
            raise SourceNotFoundError(name)
        self.said.append(f"load {name}")
        blob, said = BytesBlob(FILES[name], name), self.said

        class NotedFile(HashedFile):
            async def keep(self) -> None:
                said.append(f"keep {name}")

            async def discard(self) -> None:
                said.append(f"discard {name}")

        return NotedFile(blob, digest_blob(blob, sha3=True))

    def open(
        self,
        *names: str | Source[str],
        accept: bool = True,
        expected: Expected | None = None,
        stopped: bool = False,
    ) -> OpenModel | PendingApproval:
        def accepted(_role: str, _digests: Digests) -> bool:
            return accept

        terms = Terms(accepted, writes, None, expected)
        sources = [Source("model", name) if isinstance(name, str) else name for name in names]
        return asyncio.run(self.opener.open(sources, terms, stopped=lambda: stopped))


def writes(engine: Engine) -> Writes:
    return Writes(engine, engine.session(32))


def of(name: str) -> Expected:
    return Expected(digest_blob(BytesBlob(FILES[name])).sha256)


def test_files_are_kept_once_the_model_is_open() -> None:
    bench = Bench()
    opened = bench.open("a.gguf")
    assert isinstance(opened, OpenModel)
    assert bench.said == ["release", "load a.gguf", "keep a.gguf"]
    assert (opened.task, opened.session.n_ctx, opened.kernels) == ("generate", 32, None)


def test_what_waits_is_not_loaded_again() -> None:
    bench = Bench()
    pending = bench.open("a.gguf", accept=False)
    assert isinstance(pending, PendingApproval)
    assert (pending.role, pending.verdict.kind) == ("model", "unverified")
    assert isinstance(bench.open("a.gguf"), OpenModel)
    assert bench.said == ["release", "load a.gguf", "keep a.gguf"]


def test_what_waits_makes_room_for_the_next_request() -> None:
    bench = Bench()
    bench.open("a.gguf", accept=False)
    bench.said.clear()
    assert isinstance(bench.open("a.gguf", accept=False), PendingApproval)
    assert bench.said == ["discard a.gguf", "release", "load a.gguf"]


@pytest.mark.parametrize(
    ("names", "terms", "error"),
    [
        (("a.gguf",), {"expected": of("bad.gguf")}, DigestMismatchError),
        ((Source("model", "a.gguf", of("bad.gguf")),), {}, RefusedFileError),
        ((Source("model", "a.gguf", of("bad.gguf")), Source("model", "bad.gguf")), {}, RefusedFileError),
        (("bad.gguf",), {}, FormatError),
        (("a.gguf",), {"stopped": True}, StoppedError),
        (("a.gguf", "absent"), {}, SourceNotFoundError),
    ],
)
def test_after_any_refusal_nothing_is_left(
    names: tuple[str | Source[str], ...], terms: dict[str, object], error: type[Exception]
) -> None:
    bench = Bench()
    with pytest.raises(error):
        bench.open(*names, **terms)  # type: ignore[arg-type]
    loaded = [said.removeprefix("load ") for said in bench.said if said.startswith("load")]
    assert loaded
    assert bench.said == [
        "release",
        *(f"load {name}" for name in loaded),
        *(f"discard {name}" for name in loaded),
        "release",
    ]
    assert isinstance(bench.open("a.gguf"), OpenModel)


def test_a_file_that_the_model_may_do_without_is_passed_over() -> None:
    bench = Bench()
    names = [name for name in tiny_folder() if name != "README.md"]
    opened = bench.open(*names, Source("model", "absent", optional=True))
    assert isinstance(opened, OpenModel)
    assert [name for name, _ in opened.files] == names


def test_a_tokenizer_has_a_role_and_a_verdict_of_its_own() -> None:
    bench = Bench()
    folder = tiny_folder()
    weights = [name for name in folder if name not in ("README.md", "tokenizer.json")]
    sources = [Source("model", name) for name in weights]
    opened = bench.open(*sources, Source("tokenizer", "tokenizer.json", of("tokenizer.json")))
    assert isinstance(opened, OpenModel)
    assert opened.tokenizer_digests == digest_blob(BytesBlob(folder["tokenizer.json"]), sha3=True)
    assert {role: judged.pinned is not None for role, judged in opened.judged.items()} == {
        "model": False,
        "tokenizer": True,
    }
    with pytest.raises(RefusedFileError):
        bench.open(*sources, Source("tokenizer", "tokenizer.json", of("a.gguf")))
