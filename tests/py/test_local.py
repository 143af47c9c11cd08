# SPDX-License-Identifier: Apache-2.0
"""Models on disk: a file, any of its parts, a folder, several files, each hashed before it is parsed."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fixtures.folder import tiny_folder, tokenizer_json
from fixtures.make import tiny_gguf
from fixtures.split import tiny_split
from taleproof.apps.cli.main import main
from taleproof.apps.local import Backend, open_local
from taleproof.errors import (
    DigestMismatchError,
    FormatError,
    MissingPartError,
    NoModelInFolderError,
    SeveralModelsError,
    SourceNotFoundError,
    TokenizerMissingError,
)
from taleproof.io.reader import Blob, BytesBlob
from taleproof.trust.digest import Digests, Expected, digest_blob, digest_list


FIXTURES = Path(__file__).parents[1] / "fixtures"
STORIES, WORDS = FIXTURES / "stories260K.bin", FIXTURES / "tok512.bin"
PARTS = tiny_split(3)
LIST = digest_list([(name, digest_blob(BytesBlob(data), sha3=True)) for name, data in PARTS.items()])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in PARTS.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "README.md").write_text("What this is.", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("backend", ["numpy", "wasm"])
def test_folder_part_and_files_open_the_same_model(folder: Path, backend: Backend) -> None:
    whole = folder / "whole.gguf"
    ways = [(folder,), (folder / sorted(PARTS)[1],), tuple(folder / name for name in reversed(PARTS))]
    opened = [open_local(*paths, backend=backend) for paths in ways]
    whole.write_bytes(tiny_gguf())
    expected = open_local(whole, backend=backend).engine.session().forward([1, 5, 9])
    for model in opened:
        assert model.digests == LIST
        assert {name: digests.sha256 for name, digests in model.files} == {
            name: hashlib.sha256(data).hexdigest() for name, data in PARTS.items()
        }
        assert np.array_equal(model.engine.session().forward([1, 5, 9]), expected)


@pytest.mark.parametrize("backend", ["numpy", "wasm"])
def test_either_digest_of_the_list_is_asked_for(folder: Path, backend: Backend) -> None:
    for right in (Expected(LIST.sha256), Expected(sha3_256=LIST.sha3_256)):
        assert open_local(folder, backend=backend, expected=right).digests == LIST
    part = sorted(PARTS)[2]
    (folder / part).write_bytes(PARTS[part][:-1] + b"?")
    for wrong in (Expected(LIST.sha256), Expected(sha3_256=LIST.sha3_256)):
        with pytest.raises(DigestMismatchError):
            open_local(folder, backend=backend, expected=wrong)


def test_a_part_that_is_missing_is_named(folder: Path) -> None:
    (folder / sorted(PARTS)[1]).unlink()
    with pytest.raises(MissingPartError, match="part is 2"):
        open_local(folder, backend="numpy")


def test_a_folder_with_a_tokenizer_bin(tmp_path: Path) -> None:
    for source in (STORIES, WORDS):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    model = open_local(tmp_path, backend="numpy")
    assert model.tokenizer.encode("Once upon a time") == [1, 403, 407, 261, 378]
    assert [name for name, _ in model.files] == ["stories260K.bin", "tok512.bin"]
    with pytest.raises(TokenizerMissingError):
        open_local(tmp_path / "stories260K.bin", backend="numpy")


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoModelInFolderError):
        open_local(tmp_path, backend="numpy")
    with pytest.raises(SourceNotFoundError):
        open_local(tmp_path / "absent.gguf", backend="numpy")
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).write_bytes(tiny_gguf())
    with pytest.raises(SeveralModelsError, match=r"a\.gguf, b\.gguf"):
        open_local(tmp_path, backend="numpy")
    with pytest.raises(FormatError):
        open_local(tmp_path / "a.gguf", tmp_path / "a.gguf", backend="numpy")
    with pytest.raises(FormatError):
        open_local(tmp_path / "a.gguf", tmp_path / "b.gguf", backend="numpy")


def test_inspect_shows_every_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert LIST.sha256 in shown
    for name, data in PARTS.items():
        assert f"{name}  {len(data):,}" in shown
        assert hashlib.sha256(data).hexdigest() in shown
    assert "token_embd.weight" in shown
    assert main(["inspect", str(folder), "--expect-sha3-256", "0" * 64]) == 2
    assert "SHA3-256" in capsys.readouterr().err


def test_generate_tells_of_every_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--prompt", "Once", "--max-tokens", "2", "--json", "--backend", "numpy"]
    assert main(["generate", *(str(folder / name) for name in PARTS), *arguments]) == 0
    shown = capsys.readouterr().out
    assert LIST.sha256 in shown
    for data in PARTS.values():
        assert hashlib.sha256(data).hexdigest() in shown


def test_a_folder_of_hugging_faces_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, data in tiny_folder().items():
        (tmp_path / name).write_bytes(data)
    arguments = ["--prompt", "Once", "--max-tokens", "6"]
    texts = []
    for paths in ([tmp_path], [tmp_path / "config.json"], [tmp_path / "model-00002-of-00002.safetensors"]):
        assert main(["generate", *map(str, paths), *arguments]) == 0
        texts.append(capsys.readouterr().out)
    assert len(texts[0]) > len("Once\n")
    assert texts == texts[:1] * 3
    assert main(["generate", str(tmp_path), "--chat", *arguments]) == 0
    assert main(["inspect", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "README.md" not in shown
    for name in tiny_folder().keys() - {"README.md"}:
        assert name in shown
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(TokenizerMissingError):
        open_local(tmp_path, backend="numpy")
    elsewhere = tmp_path / "words"
    elsewhere.write_bytes(tokenizer_json())
    opened = open_local(tmp_path, backend="numpy", tokenizer=elsewhere)
    assert opened.tokenizer_digests is not None
    assert opened.tokenizer.decode(opened.tokenizer.encode("Once upon")) == "Once upon"


@pytest.fixture
def changed_after_hashing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, bytes], None]:
    """Let a file have other bytes, of the same number, as soon as it has been hashed."""

    def change(path: Path, after: bytes) -> None:
        assert len(after) == path.stat().st_size

        def hashed(blob: Blob, *, sha3: bool = False) -> Digests:
            digests = digest_blob(blob, sha3=sha3)
            if blob.name == path.name:
                with path.open("r+b") as file:
                    file.write(after)
            return digests

        monkeypatch.setattr("taleproof.apps.local.digest_blob", hashed)

    return change


Change = Callable[[Path, bytes], None]


@pytest.mark.parametrize("backend", ["numpy", "wasm"])
def test_a_model_is_what_was_hashed(tmp_path: Path, backend: Backend, changed_after_hashing: Change) -> None:
    path, before, after = tmp_path / "tiny.gguf", tiny_gguf(seed=1), tiny_gguf(seed=2)
    path.write_bytes(before)
    expected = open_local(path, backend=backend).engine.session().forward([1, 5, 9])
    changed_after_hashing(path, after)
    model = open_local(path, backend=backend, expected=Expected(hashlib.sha256(before).hexdigest()))
    assert path.read_bytes() == after
    assert np.array_equal(model.engine.session().forward([1, 5, 9]), expected)


@pytest.mark.parametrize("backend", ["numpy", "wasm"])
def test_a_tokenizer_is_what_was_hashed(tmp_path: Path, backend: Backend, changed_after_hashing: Change) -> None:
    path, before = tmp_path / "words.bin", WORDS.read_bytes()
    path.write_bytes(before)
    changed_after_hashing(path, before.replace(b" time", b" emit"))
    model = open_local(STORIES, tokenizer=path, backend=backend)
    assert path.read_bytes() != before
    assert model.tokenizer_digests == digest_blob(BytesBlob(before), sha3=True)
    assert model.tokenizer.decode([1, 403, 407, 261, 378]).endswith("Once upon a time")


def test_what_is_inspected_and_converted_is_what_was_hashed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changed_after_hashing: Change
) -> None:
    path, before = tmp_path / "tiny.gguf", tiny_gguf()
    after = before.replace(b"token_embd.weight", b"other_embd.weight")
    path.write_bytes(before)
    changed_after_hashing(path, after)
    assert main(["inspect", str(path)]) == 0
    shown = capsys.readouterr().out
    assert hashlib.sha256(before).hexdigest() in shown
    assert "token_embd.weight" in shown
    path.write_bytes(before)
    assert main(["convert", str(path), str(tmp_path / "out.gguf"), "--type", "f32"]) == 0
    assert b"token_embd.weight" in (tmp_path / "out.gguf").read_bytes()
