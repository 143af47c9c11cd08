# SPDX-License-Identifier: Apache-2.0
"""A real model of another family, Gemma 3 270M in Q4_K_M, against llama.cpp."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from real_models import GEMMA, obtain
from taleproof.apps.local import open_local
from taleproof.apps.open_model import OpenModel as LocalModel
from taleproof.tasks.generate import encode_prompt
from taleproof.tasks.score import score


CASES = json.loads((Path(__file__).parents[1] / "fixtures" / "gemma3_llamacpp.json").read_text(encoding="utf-8"))[
    "cases"
]

BOUND_ON_AVERAGE = 0.05
"""Of a token's log probability; 0.030 and 0.018 were measured. llama.cpp quantises activations in another way."""

CLEAR_MARGIN = 0.5
"""Where the best token leads the second by so much, both must choose it."""


@pytest.fixture(scope="module")
def gemma() -> LocalModel:
    return open_local(obtain(GEMMA))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["prompt"][:24])
def test_gemma_agrees_with_llama_cpp(case: dict[str, Any], gemma: LocalModel) -> None:
    prompt = encode_prompt(gemma.tokenizer, case["prompt"])
    assert len(prompt) == case["prompt_tokens"]
    expected = case["tokens"]
    scored = list(score(gemma.engine.session(512), prompt, [token["id"] for token in expected]))
    differences = [abs(found.logprob - given["logprob"]) for found, given in zip(scored, expected, strict=True)]
    assert np.mean(differences) <= BOUND_ON_AVERAGE
    for found, given in zip(scored, expected, strict=True):
        if given["margin"] > CLEAR_MARGIN:
            assert found.best == given["id"]


def test_gemma_is_opened_as_what_it_is(gemma: LocalModel) -> None:
    assert (gemma.file.architecture, gemma.digests.sha256) == ("gemma3", GEMMA.sha256)
    assert (gemma.tokenizer.vocab_size, gemma.engine.config.n_ctx_train) == (262_144, 32_768)
