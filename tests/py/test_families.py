# SPDX-License-Identifier: Apache-2.0
"""Every family from safetensors, against the logits that transformers computes (fixtures/make_families.py)."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.families import FAMILIES, GOLDEN, IDS, safetensors, weights
from taleproof.io.reader import BytesBlob
from taleproof.models import parse_files
from taleproof.tasks.engine import Engine, open_numpy


MADE = json.loads(GOLDEN.read_text(encoding="utf-8"))["families"]


def opened(family: str) -> Engine:
    model = BytesBlob(safetensors(weights(family, MADE[family]["shapes"])), "model.safetensors")
    config = BytesBlob(json.dumps(FAMILIES[family]).encode(), "config.json")
    return open_numpy([model], parse_files([config, model]))


def logits(engine: Engine, ids: list[int]) -> NDArray[np.float32]:
    found = engine.session(len(ids)).forward(ids, logits="all")
    assert found is not None
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_transformers(family: str) -> None:
    expected = np.array(MADE[family]["logits"], np.float32)  # (T, vocab)
    assert expected.std() > 0.3
    np.testing.assert_allclose(logits(opened(family), IDS), expected, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_token_at_a_time_gives_the_same(family: str) -> None:
    engine = opened(family)
    session = engine.session(len(IDS))
    rows = [session.forward([token]) for token in IDS]
    np.testing.assert_allclose(np.concatenate(rows), logits(engine, IDS), atol=1e-5)
