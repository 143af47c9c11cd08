# SPDX-License-Identifier: Apache-2.0
"""Rotary positions: YaRN as transformers computes it, and what is refused before anything can overflow.

The reference is modeling_rope_utils.py of transformers 5.23.0 (_compute_yarn_parameters), in float64.
"""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.rotary import read_rotary
from taleproof.errors import FormatError
from taleproof.formats import ModelFile
from taleproof.graph.rope import Rotary
from taleproof.models import translate


HEAD, THETA, ORIGINAL = 64, 10_000.0, 4096
LLAMA = {"model_type": "llama", "hidden_size": 4 * HEAD, "num_attention_heads": 4, "max_position_embeddings": 16_384}


def read(**rope: Any) -> Rotary:
    """Return the rotary positions of a llama whose config.json has these parameters of YaRN."""
    scaling = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": ORIGINAL} | rope
    found = translate(LLAMA | {"rope_scaling": scaling}, "config.json")
    file = ModelFile("model.safetensors", "safetensors", "llama", found.metadata, {}, 0)
    return read_rotary(file, "llama", HEAD, neox_layout=True)


def magnitude(scale: float, weight: float = 1.0) -> float:
    return 0.1 * weight * math.log(scale) + 1.0 if scale > 1 else 1.0


def frequencies(factor: float, fast: float = 32.0, slow: float = 1.0, *, truncate: bool = True) -> NDArray[np.float64]:
    """Return float64 (HEAD / 2)."""

    def dimension(turns: float) -> float:
        return HEAD * math.log(ORIGINAL / (turns * 2 * math.pi)) / (2 * math.log(THETA))

    low, high = dimension(fast), dimension(slow)
    if truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, HEAD - 1)
    ramp = np.clip((np.arange(HEAD // 2) - low) / (high - low), 0, 1)
    plain = THETA ** -(np.arange(0, HEAD, 2) / HEAD)
    mixed: NDArray[np.float64] = plain / factor * ramp + plain * (1 - ramp)
    return mixed


@pytest.mark.parametrize(
    ("rope", "expected", "expected_magnitude"),
    [
        ({}, frequencies(4.0), magnitude(4.0)),
        ({"attention_factor": 1.0}, frequencies(4.0), 1.0),
        ({"attention_factor": 1.3}, frequencies(4.0), 1.3),
        ({"mscale": 0.7, "mscale_all_dim": 0.5}, frequencies(4.0), magnitude(4.0, 0.7) / magnitude(4.0, 0.5)),
        ({"mscale": 0.7}, frequencies(4.0), magnitude(4.0)),
        ({"mscale": 0, "mscale_all_dim": 0}, frequencies(4.0), magnitude(4.0)),
        ({"truncate": False}, frequencies(4.0, truncate=False), magnitude(4.0)),
        ({"beta_fast": 16, "beta_slow": 2}, frequencies(4.0, 16, 2), magnitude(4.0)),
        ({"beta_fast": None, "beta_slow": 0}, frequencies(4.0), magnitude(4.0)),
        ({"factor": None}, frequencies(4.0), magnitude(4.0)),  # of the contexts: 16,384 / 4,096
        ({"factor": 1.0}, frequencies(1.0), 1.0),
    ],
)
def test_yarn_is_as_in_transformers(
    rope: dict[str, Any], expected: NDArray[np.float64], expected_magnitude: float
) -> None:
    rotary = read(**rope)
    np.testing.assert_allclose(rotary.frequencies, expected, rtol=1e-12)
    assert rotary.magnitude == pytest.approx(expected_magnitude, rel=1e-14)


def test_llama_3_factors_are_those_of_its_release() -> None:
    """The formula of the release in float64; the bits of float32 are those that an earlier version gave."""
    scaling = {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "rope_type": "llama3"}
    config = LLAMA | {"rope_theta": 500_000.0, "rope_scaling": scaling | {"original_max_position_embeddings": 8192}}
    waves = 2 * math.pi * 500_000.0 ** (np.arange(0, HEAD, 2) / HEAD)
    ramp = np.clip((8192 / waves - 1) / 3, 0, 1)
    found = translate(config, "config.json").metadata["llama.rope.factors"]
    assert np.array_equal(found, (1 / ((1 - ramp) / 32 + ramp)).astype(np.float32))


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("scaling.yarn_beta_fast", (0.0, -1.0, 1e300, 5e-324, 0.5)),
        ("scaling.yarn_beta_slow", (0.0, -1.0, 1e300, 33.0)),
        ("scaling.factor", (-1.0, 0.5, 1e300)),
        ("scaling.attn_factor", (0.0, -1.0, 1e300)),
        ("scaling.original_context_length", (0, -5, 1 << 31, 1.5)),
        ("freq_base", (0.0, 1.0, -1.0, 1e308, 10**30)),
        ("dimension_count", (0, -2, 3, 18, 1 << 31)),
        ("scaling.type", ("wonder", "", 1)),
    ],
)
def test_values_out_of_range_are_refused(key: str, values: tuple[Any, ...]) -> None:
    yarn = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "context_length": 64}
    for value in values:
        metadata: dict[str, Any] = {f"llama.{name}": said for name, said in (yarn | {f"rope.{key}": value}).items()}
        with pytest.raises(FormatError) as refused:
            read_rotary(ModelFile("m.gguf", "GGUF v3", "llama", metadata, {}, 0), "llama", 16, neox_layout=False)
        assert str(refused.value.details["field"]).startswith("llama.rope.")
