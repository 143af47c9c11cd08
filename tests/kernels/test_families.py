# SPDX-License-Identifier: Apache-2.0
"""Every family on the kernels: close to transformers, and the same bits by any cuts of a prompt, build and threads."""

import json
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.families import FAMILIES, GOLDEN, IDS, safetensors, weights
from taleproof.io.reader import BytesBlob
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.models import parse_files
from taleproof.tasks.engine import Engine, open_wasm


MADE = json.loads(GOLDEN.read_text(encoding="utf-8"))["families"]


def opened(family: str, build: str = "relaxed", threads: int = 1) -> Engine:
    data = safetensors(weights(family, MADE[family]["shapes"]))
    config = BytesBlob(json.dumps(FAMILIES[family]).encode(), "config.json")
    file = parse_files([config, BytesBlob(data, "model.safetensors")])
    arena = WasmtimeArena(build, threads=threads)
    base = arena.allocate(len(data))
    arena.write(base, data)
    return open_wasm(arena, file, [base])


def run(engine: Engine, cuts: list[int]) -> NDArray[np.float32]:
    session = engine.session(len(IDS))
    edges = [0, *cuts, len(IDS)]
    steps = [session.forward(IDS[a:b], logits="all") for a, b in pairwise(edges)]
    return np.concatenate([step for step in steps if step is not None])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_kernels_compute_what_transformers_does(family: str) -> None:
    expected = np.array(MADE[family]["logits"], np.float32)
    found = run(opened(family), [])
    # The weights are floats: what differs is the attention's 12 bits.
    assert np.abs(found - expected).max() < 0.01 * expected.std()


@pytest.mark.parametrize("family", FAMILIES)
def test_cuts_builds_and_shares_change_no_bit(family: str) -> None:
    whole = run(opened(family), [])
    for other in (
        run(opened(family), [1, 2, 9, 16]),
        run(opened(family, "baseline"), []),
        run(opened(family, threads=3), [7]),
    ):
        assert other.tobytes() == whole.tobytes()
