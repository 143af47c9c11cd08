# SPDX-License-Identifier: Apache-2.0
"""Texts as vectors: long texts in windows, the command line, and the engine of the page."""

import json
from pathlib import Path

import numpy as np
import pytest

from fixtures.bert_files import tiny_bert
from fixtures.make import tiny_gguf
from opener_bench import Bench
from taleproof.apps.cli.main import main
from taleproof.apps.model_set import ModelSet, read_model
from taleproof.apps.open_model import OpenModel as OpenedEmbedder
from taleproof.apps.opener import PendingApproval
from taleproof.apps.worker.protocol.files import Purpose
from taleproof.apps.worker.shown import shown_model
from taleproof.errors import UnknownArchitectureError
from taleproof.io.reader import BytesBlob
from taleproof.tasks import embed as embedder
from taleproof.tasks.embed import Embedder, embed_text


LONG = "the sea, a cab and the sea. " * 12  # of 40 positions, several times


@pytest.fixture(scope="module")
def tiny() -> tuple[ModelSet, Embedder]:
    blobs = [BytesBlob(data, name) for name, data in tiny_bert().items()]
    model = read_model(blobs)
    return model, embedder.open_numpy([blobs[index] for index in model.weights], model.file)


def test_a_short_text_is_one_step(tiny: tuple[ModelSet, Embedder]) -> None:
    model, opened = tiny
    ids = model.tokenizer.encode("The sea")
    assert ids[0] == 2
    assert ids[-1] == 3
    assert embed_text(opened, model.tokenizer, "The sea").tobytes() == opened.embed(ids).tobytes()
    assert np.isfinite(embed_text(opened, model.tokenizer, "")).all()


def test_a_long_text_is_the_mean_of_its_windows_by_their_lengths(tiny: tuple[ModelSet, Embedder]) -> None:
    model, opened = tiny
    body = model.tokenizer.encode(LONG, add_bos=False)
    assert len(body) > 2 * 38
    mean = sum(
        len(body[start : start + 38]) * opened.embed([2, *body[start : start + 38], 3]).astype(np.float64)
        for start in range(0, len(body), 38)
    )
    found = embed_text(opened, model.tokenizer, LONG)
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-6)
    assert float(found @ found) == pytest.approx(1, abs=1e-6)


def opened_in_the_page(files: dict[str, bytes]) -> OpenedEmbedder:
    bench = Bench()
    pending = bench.open(files, purpose="embed")
    assert isinstance(pending, PendingApproval)
    opened = bench.open(files, purpose="embed", accept=pending.verdict.actual.sha256)
    assert isinstance(opened, OpenedEmbedder)
    return opened


def test_page_and_terminal_make_the_same_bits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, data in tiny_bert().items():
        (tmp_path / name).write_bytes(data)
    assert main(["embed", str(tmp_path), "--text", LONG, "--text", "a cab", "--json"]) == 0
    vectors = json.loads(capsys.readouterr().out)["vectors"]
    page = opened_in_the_page(tiny_bert())
    assert shown_model(page)["architecture"] == "bert"
    for text, vector in zip((LONG, "a cab"), vectors, strict=True):
        assert np.array(vector, np.float32).tobytes() == embed_text(page.embedder, page.tokenizer, text).tobytes()
        assert len(vector) == 64


def test_the_command_line_says_what_is_near(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, data in tiny_bert().items():
        (tmp_path / name).write_bytes(data)
    assert main(["embed", str(tmp_path), "--text", "the sea", "--text", "The  SEA", "--backend", "numpy"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["1", "1.0000", "the", "sea"]
    assert second.split()[:3] == ["2", "1.0000", "1.0000"]


@pytest.mark.parametrize("purpose", ["write", "embed"])
def test_an_encoder_does_not_write_and_a_writer_makes_no_vectors(purpose: Purpose) -> None:
    files = tiny_bert() if purpose == "write" else {"a.gguf": tiny_gguf("F32")}
    bench = Bench()
    pending = bench.open(files, purpose=purpose)
    assert isinstance(pending, PendingApproval)
    with pytest.raises(UnknownArchitectureError):
        bench.open(files, purpose=purpose, accept=pending.verdict.actual.sha256)
