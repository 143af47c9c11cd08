# SPDX-License-Identifier: Apache-2.0
"""The golden runs, under wasmtime: both builds of the kernels give what the file says.

So does any number of shares: they are done in turn, on one thread. What real threads do is tested in browsers.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

import golden
from golden import Kept, OpenGolden, Run
from taleproof.memory.kernels import BUILDS
from taleproof.nn.numerics import NUMERICS_VERSION
from taleproof.sampling.config import SamplerConfig
from taleproof.sampling.logits_digests import EVERY, LogitsDigests
from taleproof.tasks.engine import Session
from taleproof.tasks.generate import encode_prompt


SOURCES = golden.sources()
TINY = [name for name in SOURCES if name.startswith("tiny")]
WRITTEN = ("plain", "emoji")
"""Prompts whose stories SmolLM2 writes token by token; the others it reads again, which is several times quicker."""

READ_BY_BASELINE = ("dialogue", "code", "hebrew and arabic", "long")


@cache
def kept() -> dict[str, Kept]:
    return golden.kept(golden.path_of())


@cache
def data_of(name: str) -> bytes:
    path = golden.SMOLLM2
    if name == "smollm2" and not path.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path.name} is not here")
        pytest.skip(f"{path.name} is not here: `node scripts/setup.mjs` brings it")
    return SOURCES[name].read()


OpenSmollm2 = Callable[[str, int], OpenGolden]


@pytest.fixture(scope="module")
def smollm2() -> Iterator[OpenSmollm2]:
    """Open SmolLM2 with a build and a number of shares; the last one stays open from test to test."""

    @lru_cache(maxsize=1)
    def open_it(build: str, shares: int) -> OpenGolden:
        return golden.opened(SOURCES["smollm2"], data_of("smollm2"), build, shares)

    yield open_it
    open_it.cache_clear()
    data_of.cache_clear()


def rows(session: Session, prompt: list[int], tokens: tuple[int, ...]) -> Iterator[NDArray[np.float32]]:
    """Yield the logits after the prompt and after each token, read in batches."""
    last = session.forward(prompt)
    assert last is not None
    yield last[0]
    for start in range(0, len(tokens), session.prefill_batch):
        several = session.forward(tokens[start : start + session.prefill_batch], logits="all")
        assert several is not None
        yield from several


def read_again(model: OpenGolden, run: Run) -> Run:
    """Read a story and choose each of its tokens again: the same as writing it, at the speed of a prompt."""
    digests, chosen, reason = LogitsDigests(), list[int](), run.reason
    config = SamplerConfig(seed=run.seed, **golden.SAMPLERS[run.sampler])
    sampler = model.engine.sampler(config, model.tokenizer.token_bytes)
    prompt = encode_prompt(model.tokenizer, golden.prompts()[run.prompt])
    # The last token was read only if something was chosen after it: the end of the text.
    read = run.tokens if run.reason == "stop" else run.tokens[:-1]
    for index, logits in enumerate(rows(model.engine.session(), prompt, read)):
        digests.add(index, logits)
        token, _ = sampler.sample(logits, [*prompt, *run.tokens[:index]])
        if token in model.tokenizer.eos_ids:
            reason = "stop"
            break
        chosen.append(token)
    return replace(run, tokens=tuple(chosen), reason=reason, logits=tuple(digests.digests))


def test_the_file_is_this_versions_and_has_every_run_that_is_wanted() -> None:
    head = json.loads(golden.path_of().read_text("utf-8"))
    assert (head["numerics"], head["every"], head["samplers"]) == (NUMERICS_VERSION, EVERY, golden.SAMPLERS)
    assert list(kept()) == list(SOURCES)
    for name, source in SOURCES.items():
        assert [run.request for run in kept()[name].runs] == list(source.requests())
    assert golden.path_of().read_text("utf-8") == golden.as_text(kept())


@pytest.mark.parametrize("name", SOURCES)
def test_the_runs_are_of_these_bytes(name: str) -> None:
    assert hashlib.sha256(data_of(name)).hexdigest() == kept()[name].sha256


def test_stories_are_long_and_sampling_tells_them_apart() -> None:
    for name in ("smollm2", "stories260K"):
        runs = kept()[name].runs
        assert sum(len(run.tokens) == golden.MAX_TOKENS for run in runs) > 30
        assert len({run.tokens for run in runs}) == len(runs)


@pytest.mark.parametrize("shares", [1, 3])
@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", ["stories260K", *TINY])
def test_small_models_write_the_golden_runs_in_any_number_of_shares(name: str, build: str, shares: int) -> None:
    model = golden.opened(SOURCES[name], data_of(name), build, shares)
    for run in kept()[name].runs:
        assert model.write(run.request) == run


@pytest.mark.parametrize(("build", "shares"), [("relaxed", 1), ("relaxed", 3), ("baseline", 1)])
def test_smollm2_writes_the_golden_runs_in_any_number_of_shares(build: str, shares: int, smollm2: OpenSmollm2) -> None:
    prompts = WRITTEN if (build, shares) == ("relaxed", 1) else WRITTEN[:1]
    model = smollm2(build, shares)
    for run in kept()["smollm2"].runs:
        if run.prompt in prompts:
            assert model.write(run.request) == run


@pytest.mark.parametrize("prompt", golden.prompts())
def test_smollm2_chooses_the_golden_tokens(prompt: str, smollm2: OpenSmollm2) -> None:
    for run in kept()["smollm2"].runs:
        if run.prompt == prompt:
            assert read_again(smollm2("relaxed", 1), run) == run


@pytest.mark.parametrize("prompt", READ_BY_BASELINE)
def test_smollm2_chooses_the_golden_tokens_with_the_baseline_kernels(prompt: str, smollm2: OpenSmollm2) -> None:
    for run in kept()["smollm2"].runs:
        if run.prompt == prompt:
            assert read_again(smollm2("baseline", 3), run) == run


def test_a_run_that_differs_in_one_token_is_seen(smollm2: OpenSmollm2) -> None:
    run = kept()["smollm2"].runs[0]
    other = replace(run, tokens=(*run.tokens[:20], run.tokens[20] + 1, *run.tokens[21:]))
    again = read_again(smollm2("relaxed", 1), other)
    assert again.tokens[:20] == run.tokens[:20]
    assert again != other
    assert again.logits[2:] != run.logits[2:]
