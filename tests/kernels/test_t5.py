# SPDX-License-Identifier: Apache-2.0
"""T5 on the kernels: close to transformers, and the same bits by any cuts of a text, build and threads."""

import json
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.families import GOLDEN, SOURCE, T5, TEXT, safetensors, weights
from taleproof.errors import NumericsError
from taleproof.io.reader import BytesBlob
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.models import parse_files
from taleproof.tasks.engine import Engine, open_wasm


MADE = json.loads(GOLDEN.read_text(encoding="utf-8"))["t5"]


def opened(version: str, build: str = "relaxed", threads: int = 1, size: float = 1.0) -> Engine:
    drawn = weights(version, MADE[version]["shapes"])
    drawn["encoder.block.1.layer.0.SelfAttention.v.weight"] *= np.float32(size)
    data = safetensors(drawn)
    config = BytesBlob(json.dumps(T5[version]).encode(), "config.json")
    file = parse_files([config, BytesBlob(data, "model.safetensors")])
    arena = WasmtimeArena(build, threads=threads)
    base = arena.allocate(len(data))
    arena.write(base, data)
    return open_wasm(arena, file, [base])


def run(engine: Engine, cuts: list[int]) -> NDArray[np.float32]:
    session = engine.session(64)
    session.forward(SOURCE, logits="none")
    edges = [0, *cuts, len(TEXT)]
    steps = [session.forward(TEXT[a:b], logits="all") for a, b in pairwise(edges)]
    return np.concatenate([step for step in steps if step is not None])


@pytest.mark.parametrize("version", T5)
def test_the_kernels_compute_what_transformers_does(version: str) -> None:
    expected = np.array(MADE[version]["logits"], np.float32)
    # The weights are floats: what differs is the attention's 12 bits.
    assert np.abs(run(opened(version), []) - expected).max() < 0.01 * expected.std()


@pytest.mark.parametrize("version", T5)
def test_cuts_builds_and_shares_change_no_bit(version: str) -> None:
    whole = run(opened(version), [])
    for other in (
        run(opened(version), [1, 2, 9]),
        run(opened(version, "baseline"), []),
        run(opened(version, threads=3), [7]),
    ):
        assert other.tobytes() == whole.tobytes()


def test_an_encoder_whose_numbers_overflow_is_named() -> None:
    session = opened("t5", size=1e30).session(64)
    with pytest.raises(NumericsError, match="encoder"):
        session.forward([*SOURCE, *TEXT])
