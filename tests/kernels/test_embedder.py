# SPDX-License-Identifier: Apache-2.0
"""An encoder's vectors, against those of transformers, and the same bits by any build and any number of threads."""

import json

import numpy as np
import pytest

from fixtures.families import BERT, GOLDEN, IDS, safetensors, weights
from taleproof.errors import ContextOverflowError, UnknownArchitectureError
from taleproof.formats import ModelFile
from taleproof.io.reader import BytesBlob
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.models import parse_files
from taleproof.tasks import embed as embedder
from taleproof.tasks.embed import Embedder


MADE = json.loads(GOLDEN.read_text(encoding="utf-8"))["bert"]
DATA = safetensors(weights("bert", MADE["shapes"]))
BLOB = BytesBlob(DATA, "model.safetensors")


def parsed(pooling: int = 1) -> ModelFile:
    file = parse_files([BytesBlob(json.dumps(BERT).encode(), "config.json"), BLOB])
    return ModelFile(
        file.name,
        file.format,
        file.architecture,
        {**file.metadata, "bert.pooling_type": pooling},
        file.tensors,
        file.size,
        file.split,
    )


def on_kernels(pooling: int = 1, build: str = "relaxed", threads: int = 1) -> Embedder:
    arena = WasmtimeArena(build, threads=threads)
    base = arena.allocate(len(DATA))
    arena.write(base, DATA)
    return embedder.open_wasm(arena, parsed(pooling), [base])


@pytest.mark.parametrize(("pooling", "name"), [(1, "mean"), (2, "cls")])
def test_vectors_are_those_of_transformers(pooling: int, name: str) -> None:
    expected = np.array(MADE[name], np.float32)
    plain = embedder.open_numpy([BLOB], parsed(pooling)).embed(IDS)
    np.testing.assert_allclose(plain, expected, atol=1e-5)
    fast = on_kernels(pooling).embed(IDS)
    np.testing.assert_allclose(fast, expected, atol=2e-3)  # the attention's integers have 12 bits
    assert np.linalg.norm(fast) == pytest.approx(1, abs=1e-5)


def test_builds_shares_and_what_came_before_change_no_bit() -> None:
    first = on_kernels()
    vector = first.embed(IDS)
    first.embed(IDS[::-1] * 2)
    for other in (first, on_kernels(build="baseline"), on_kernels(threads=3)):
        assert other.embed(IDS).tobytes() == vector.tobytes()


def test_what_no_vector_is_made_of() -> None:
    model = on_kernels()
    with pytest.raises(ContextOverflowError):
        model.embed([1] * 41)
    for ids in ([], [32], [-1]):
        with pytest.raises(ValueError, match="token ids"):
            model.embed(ids)
    file = parsed()
    other = ModelFile(file.name, file.format, "llama", file.metadata, file.tensors, file.size, file.split)
    with pytest.raises(UnknownArchitectureError):
        embedder.open_numpy([BLOB], other)
