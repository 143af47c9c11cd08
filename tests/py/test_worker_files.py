# SPDX-License-Identifier: Apache-2.0
"""Models in several files, in the browser: a folder that was dropped, a list of the catalogue, a part's address."""

import json
from typing import Any

import pytest

from fixtures.folder import tiny_folder
from fixtures.make import tiny_gguf
from fixtures.split import tiny_split
from opener_bench import SITE, Bench, requests_of
from taleproof.apps.open_model import OpenModel
from taleproof.apps.opener import PendingApproval, RefusedFileError
from taleproof.apps.worker.files import sources_of
from taleproof.apps.worker.protocol.files import ExpectedDigests, FileRequest
from taleproof.apps.worker.shown import shown_files, shown_model
from taleproof.errors import DigestMismatchError, MissingPartError, SeveralModelsError, SourceNotFoundError
from taleproof.io.model_files import names_beside
from taleproof.io.reader import BytesBlob
from taleproof.trust.digest import Digests, digest_blob, digest_list


PARTS = tiny_split(3)
FIRST, SECOND, THIRD = PARTS
EACH = {name: digest_blob(BytesBlob(data)) for name, data in PARTS.items()}
LIST = digest_list(list(EACH.items()))


def at(url: str, pinned: ExpectedDigests | None = None) -> FileRequest:
    return {"role": "model", "source": {"kind": "url", "url": url}, "pinned": pinned}


def listed(**change: dict[str, Any]) -> list[FileRequest]:
    """Return the request of a catalogue that pins each part; ``change`` is of the second's digests."""
    pinned: list[Any] = [{"sha256": digests.sha256} for digests in EACH.values()]
    pinned[1] |= change.get("pinned", {})
    return [at(SITE + name, digests) for name, digests in zip(EACH, pinned, strict=True)]


def test_a_folder_is_accepted_as_a_whole_and_holds_more_than_the_model() -> None:
    bench = Bench(PARTS)
    folder = {"README.md": b"What this is.", THIRD: PARTS[THIRD], FIRST: PARTS[FIRST], SECOND: PARTS[SECOND]}
    pending = bench.open(folder)
    assert isinstance(pending, PendingApproval)
    assert pending.role == "model"
    assert pending.verdict.kind == "unverified"
    assert pending.verdict.actual == LIST
    assert "3 files" in pending.verdict.sentence
    assert [file["name"] for file in shown_files(pending.loaded.several)] == [FIRST, SECOND, THIRD]
    opened = bench.open(folder, accept=LIST.sha256)
    assert isinstance(opened, OpenModel)
    assert opened.verdict.kind == "unverified"
    shown = shown_model(opened)
    assert shown["digests"]["sha256"] == LIST.sha256
    assert {file["name"]: file["sha256"] for file in shown["files"]} == {
        name: digests.sha256 for name, digests in EACH.items()
    }
    assert shown["bytes"] == sum(map(len, PARTS.values()))
    whole = Bench(PARTS)
    single = {"tiny.gguf": tiny_gguf()}
    accepted = whole.open(single, accept=digest_blob(BytesBlob(tiny_gguf())).sha256)
    if isinstance(accepted, PendingApproval):
        accepted = whole.open(single, accept=accepted.verdict.actual.sha256)
    assert isinstance(accepted, OpenModel)
    assert opened.session.forward([1, 5, 9]).tobytes() == accepted.session.forward([1, 5, 9]).tobytes()


def test_another_accepted_digest_asks_again() -> None:
    bench = Bench(PARTS)
    assert isinstance(bench.open(PARTS, accept="0" * 64), PendingApproval)
    assert isinstance(bench.open(PARTS, accept=EACH[FIRST].sha256), PendingApproval)


def test_the_catalogue_pins_each_file_and_all_are_kept() -> None:
    bench = Bench(PARTS)
    opened = bench.open(listed())
    assert isinstance(opened, OpenModel)
    assert opened.verdict.kind == "pinned"
    assert set(bench.store.kept) == {digests.sha256 for digests in EACH.values()}
    assert opened.loaded.stored


def test_one_file_that_differs_refuses_the_model() -> None:
    bench = Bench(PARTS)
    before = bench.arena.top
    with pytest.raises(RefusedFileError) as caught:
        bench.open(listed(pinned={"sha256": "0" * 64}))
    assert isinstance(caught.value.error, DigestMismatchError)
    assert SECOND in caught.value.error.message
    assert bench.arena.top == before
    assert bench.store.kept == {}


def test_a_list_with_one_file_that_nobody_pins_is_unverified() -> None:
    sources = listed()
    sources[1]["pinned"] = None
    pending = Bench(PARTS).open(sources)
    assert isinstance(pending, PendingApproval)
    assert pending.verdict.kind == "unverified"


def test_the_address_of_one_part_brings_all() -> None:
    bench = Bench(PARTS)
    sources = [at(f"{SITE}{SECOND}?download=true")]
    assert isinstance(bench.open(sources), PendingApproval)
    assert bench.site.asked == [f"{SITE}{name}?download=true" for name in PARTS]
    assert isinstance(bench.open(sources, accept=LIST.sha256), OpenModel)
    assert bench.store.kept == {}  # they could not be found again together


def test_the_address_of_a_folder_needs_weights_and_their_config() -> None:
    bench = Bench({"model.safetensors": b"x", "tokenizer.json": b"{}"})
    with pytest.raises(SourceNotFoundError, match=r"config\.json"):
        bench.open([at(SITE)])
    bench = Bench({"model.safetensors": b"x", "config.json": b"{}"})
    pending = bench.open([at(SITE)])
    assert isinstance(pending, PendingApproval)
    assert [file.name for file in pending.loaded.files] == ["model.safetensors", "config.json"]


def test_what_belongs_to_a_name() -> None:
    assert names_beside("a.gguf") == [("a.gguf", True)]
    assert [name for name, _ in names_beside("a-00002-of-00002.gguf")] == [
        "a-00001-of-00002.gguf",
        "a-00002-of-00002.gguf",
    ]
    assert names_beside("a-00001-of-99999.gguf") == [("a-00001-of-99999.gguf", True)]
    assert [name for name, needed in names_beside("") if needed] == ["model.safetensors", "config.json"]


def test_what_is_pinned_or_listed_is_one_file_whatever_its_name() -> None:
    requests = requests_of([at(SITE + FIRST, {"sha256": None, "sha3_256": "0" * 64})])
    assert [source.spec.name for source in sources_of(requests, sha3=False)] == [FIRST]


def test_a_folder_of_two_models_and_one_of_two_parts() -> None:
    with pytest.raises(SeveralModelsError):
        Bench(PARTS).open({"a.gguf": b"x", "b.gguf": b"x"})
    bench = Bench(PARTS)
    two = {name: PARTS[name] for name in (FIRST, THIRD)}
    pending = bench.open(two)
    assert isinstance(pending, PendingApproval)
    with pytest.raises(MissingPartError, match="part is 2"):
        bench.open(two, accept=pending.verdict.actual.sha256)


def test_a_description_is_json() -> None:
    opened = Bench(PARTS).open(listed())
    assert isinstance(opened, OpenModel)
    assert json.loads(json.dumps(shown_model(opened)))["files"][0] == {
        "name": FIRST,
        "sha256": EACH[FIRST].sha256,
        "sha3_256": None,
        "size": len(PARTS[FIRST]),
    }
    assert isinstance(opened.loaded.digests, Digests)


def test_a_folder_of_hugging_faces_is_dropped() -> None:
    bench = Bench(PARTS)
    pending = bench.open(tiny_folder())
    assert isinstance(pending, PendingApproval)
    assert {file.name for file in pending.loaded.files} == tiny_folder().keys() - {"README.md"}
    opened = bench.open(tiny_folder(), accept=pending.verdict.actual.sha256)
    assert isinstance(opened, OpenModel)
    assert opened.file.huggingface
    assert shown_model(opened)["hasChatTemplate"]
    assert opened.session.forward(opened.tokenizer.encode("Once")) is not None
