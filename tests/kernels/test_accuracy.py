# SPDX-License-Identifier: Apache-2.0
"""How far the kernels' results are from exact ones: per block type, and of a whole model against llama.cpp.

The bounds are those that docs/numerics.md states.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from fixtures.quantise import encode
from kernels.harness import QUANTISED, Harness, decode
from taleproof.apps.local import open_local
from taleproof.tasks.score import score


ROWS, COLUMNS, TOKENS = 512, 2048, 8
MEAN_ERROR, MAX_ERROR = 0.005, 0.04
FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.mark.parametrize("type_name", QUANTISED)
def test_the_error_of_a_matmul_is_within_the_stated_bounds(type_name: str) -> None:
    rng = np.random.default_rng(1)
    blocks = encode(type_name, rng.standard_normal((ROWS, COLUMNS)).astype(np.float32))
    harness = Harness("relaxed")
    tensor = harness.tensor(type_name, blocks, (ROWS, COLUMNS))
    x = rng.standard_normal((TOKENS, COLUMNS)).astype(np.float32)
    y = harness.run(lambda ops, values: ops.linear(values[0], tensor), [x], ids=[0] * TOKENS)
    exact = x.astype(np.float64) @ decode(type_name, blocks, (ROWS, COLUMNS)).astype(np.float64).T
    error = np.abs(y - exact) / exact.std()
    print(f"{type_name}: mean {error.mean():.5f}, max {error.max():.4f} of the outputs' spread")
    assert error.mean() <= MEAN_ERROR
    assert error.max() <= MAX_ERROR


def test_the_perplexity_is_llama_cpps_within_half_a_percent(smollm2_path: Path) -> None:
    reference = json.loads((FIXTURES / "alice_llamacpp.json").read_text(encoding="utf-8"))
    model = open_local(smollm2_path)
    ids = model.tokenizer.encode((FIXTURES / "alice.txt").read_text(encoding="utf-8"))
    assert ids == reference["tokens"]
    ours = math.exp(-np.mean([token.logprob for token in score(model.engine.session(), ids[:1], ids[1:])]))
    theirs = math.exp(-np.mean(reference["logprobs"]))
    print(f"perplexity {ours:.3f}, llama.cpp {theirs:.3f}")
    assert abs(ours / theirs - 1) < 0.005
