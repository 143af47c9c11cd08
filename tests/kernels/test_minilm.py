# SPDX-License-Identifier: Apache-2.0
"""A real encoder, all-MiniLM-L6-v2: its vectors against those of transformers, and what is near what."""

import json
from pathlib import Path

import numpy as np
import pytest

from real_models import MINILM, obtain
from taleproof.apps.model_set import ModelSet, read_model
from taleproof.io.reader import BytesBlob
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.tasks import embed as embedder
from taleproof.tasks.embed import Embedder


TEXTS = json.loads((Path(__file__).parents[1] / "fixtures" / "minilm_golden.json").read_text(encoding="utf-8"))["texts"]


@pytest.fixture(scope="module")
def minilm() -> tuple[ModelSet, Embedder]:
    blobs = {name: BytesBlob(obtain(model).read_bytes(), name) for name, model in MINILM.items()}
    read = read_model(list(blobs.values()))
    data = blobs["model.safetensors"].read(0, blobs["model.safetensors"].size)
    arena = WasmtimeArena("relaxed", threads=1)
    base = arena.allocate(len(data))
    arena.write(base, bytes(data))
    return read, embedder.open_wasm(arena, read.file, [base])


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text["text"][:16])
def test_vectors_are_those_of_transformers(text: dict[str, object], minilm: tuple[ModelSet, Embedder]) -> None:
    read, model = minilm
    ids = read.tokenizer.encode(str(text["text"]))
    assert ids == text["ids"]
    expected = np.array(text["vector"], np.float32)
    assert float(model.embed(ids) @ expected) > 0.9999


def test_what_says_the_same_is_near(minilm: tuple[ModelSet, Embedder]) -> None:
    read, model = minilm
    fox, other_fox, lamp, _ = (model.embed(read.tokenizer.encode(text["text"])) for text in TEXTS)
    assert fox @ other_fox > 0.4 > fox @ lamp
