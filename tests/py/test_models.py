# SPDX-License-Identifier: Apache-2.0
"""Whole models on both backends, against what llama.cpp and llama2.c's run.c give."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripted import generate
from taleproof.apps.local import Backend, open_local
from taleproof.apps.open_model import OpenModel as LocalModel
from taleproof.sampling.chain import NumpySampler
from taleproof.sampling.config import SamplerConfig
from taleproof.tasks.base import Finished, Token
from taleproof.tasks.generate import Event, Limits, ReusableSession, encode_prompt
from taleproof.tasks.score import score


FIXTURES = Path(__file__).parents[1] / "fixtures"
Open = Callable[[Backend], LocalModel]
BACKENDS: tuple[Backend, ...] = ("numpy", "wasm")

BOUND_ON_AVERAGE = 0.05
"""llama.cpp rounds activations to 8 bits before each product, in blocks of its own; both are that far from exact."""

CLEAR_MARGIN = 0.5
"""Above this difference of the two best log-probabilities, rounding can't change which is the best."""


def vectors(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))["cases"]
    return cases


@pytest.fixture(scope="module")
def stories() -> Iterator[Open]:
    opened = cache(
        lambda backend: open_local(FIXTURES / "stories260K.bin", tokenizer=FIXTURES / "tok512.bin", backend=backend)
    )
    yield opened
    opened.cache_clear()


@pytest.fixture(scope="module")
def smollm2(smollm2_path: Path) -> Iterator[Open]:
    opened = cache(lambda backend: open_local(smollm2_path, backend=backend))
    yield opened
    opened.cache_clear()


def written(model: LocalModel, prompt: str, max_tokens: int, config: SamplerConfig) -> tuple[list[int], str]:
    ids = encode_prompt(model.tokenizer, prompt)
    tokens, text = [], ""
    for event in generate(model.engine.session(), model.tokenizer, ids, NumpySampler(config), Limits(max_tokens)):
        if isinstance(event, Token):
            tokens.append(event.id)
        if isinstance(event, Token | Finished):
            text += event.text
    return tokens, text


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", vectors("stories260K_greedy.json"), ids=lambda c: c["prompt"] or "empty")
def test_stories260k_greedy_text_is_run_cs(case: dict[str, Any], backend: Backend, stories: Open) -> None:
    model = stories(backend)
    # run.c counts positions: the prompt's without its BOS, and then those written.
    prompt_tokens = len(encode_prompt(model.tokenizer, case["prompt"])) - 1
    _, text = written(model, case["prompt"], case["steps"] - prompt_tokens, SamplerConfig())
    assert case["prompt"] + text + "\n" == case["text"]


def test_the_same_seed_writes_the_same_story_again(stories: Open) -> None:
    model, config = stories("wasm"), SamplerConfig(7, 0.9, 0.95, 40, 0.02, 1.1)
    first = written(model, "Once", 60, config)
    assert written(model, "Once", 60, config) == first
    assert written(model, "Once", 60, SamplerConfig(8, 0.9, 0.95, 40, 0.02, 1.1)) != first


def test_a_story_in_parts_is_the_one_written_at_once(stories: Open) -> None:
    model, config = stories("wasm"), SamplerConfig(3, 1.1, 0.95, repeat_penalty=1.1)
    prompt = encode_prompt(model.tokenizer, "The dragon")
    whole = list(generate(model.engine.session(), model.tokenizer, prompt, NumpySampler(config), Limits(70)))
    session, sampler, ids = ReusableSession(model.engine.session()), NumpySampler(config), list(prompt)
    parts: list[tuple[int, float]] = []
    for most in (1, 9, 40, 20):
        limits, before = Limits(most), len(ids) - len(prompt)
        parts += chosen(generate(session, model.tokenizer, ids, sampler, limits, written=before))
        ids = [*prompt, *(token for token, _ in parts)]
    # Read one by one or in batches, once or again: the same logits, to the bit.
    assert parts == chosen(whole)


def chosen(events: Iterable[Event]) -> list[tuple[int, float]]:
    return [(event.id, event.logprob) for event in events if isinstance(event, Token)]


@pytest.mark.parametrize("case", vectors("smollm2_llamacpp.json"), ids=lambda c: c["prompt"][:24])
@pytest.mark.parametrize("backend", BACKENDS)
def test_smollm2_agrees_with_llama_cpp(case: dict[str, Any], backend: Backend, smollm2: Open) -> None:
    model = smollm2(backend)
    prompt = encode_prompt(model.tokenizer, case["prompt"])
    assert len(prompt) == case["prompt_tokens"]
    expected = case["tokens"]
    scored = list(score(model.engine.session(512), prompt, [token["id"] for token in expected]))
    difference = np.mean([abs(s.logprob - e["logprob"]) for s, e in zip(scored, expected, strict=True)])
    assert difference <= BOUND_ON_AVERAGE
    for found, given in zip(scored, expected, strict=True):
        if given["margin"] > CLEAR_MARGIN:
            assert found.best == given["id"]
