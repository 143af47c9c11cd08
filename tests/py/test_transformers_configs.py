# SPDX-License-Identifier: Apache-2.0
"""The tables of config.json's keys, against what transformers' configuration classes say of themselves, and against the
configurations of real models, which must all be read.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.families import FAMILIES as TINY
from taleproof.errors import UnknownSettingError
from taleproof.formats.huggingface.keys import EVERYWHERE, HARMLESS
from taleproof.models import FAMILIES, translate
from taleproof.models.shared.rope_json import ROPE


FIXTURES = Path(__file__).parents[1] / "fixtures"
RECORDED = json.loads((FIXTURES / "transformers_configs.json").read_text(encoding="utf-8"))
REAL = json.loads((FIXTURES / "real_configs.json").read_text(encoding="utf-8"))

OLDER = {
    *("rope_scaling", "rope_theta", "partial_rotary_factor", "rope_local_base_freq"),  # now in rope_parameters
    *("head_dim", "layer_types"),  # read by the models' code although some configuration classes don't have them
    *("sliding_window_pattern", "_sliding_window_pattern"),  # now in layer_types
    *("n_positions", "decoder_start_token_id", "dense_act_fn", "is_gated_act", "tie_word_embeddings"),  # T5's
    "max_window_layers",  # in SmolLM3's file, as Qwen2's
}
"""Keys of files on the Hub that the classes of today don't have as fields."""


def test_every_model_type_is_recorded() -> None:
    assert set(RECORDED["defaults"]) == set(FAMILIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_no_key_of_transformers_is_forgotten_and_each_default_is_its_own(name: str) -> None:
    family = FAMILIES[name]
    for key, default in RECORDED["defaults"][name].items():
        if key in family.defaults:
            assert family.defaults[key] == default, key
        elif key in family.fixed:
            assert family.fixed[key][0] == default, key
        else:
            assert key in HARMLESS, key
    assert not set(family.defaults) & set(family.fixed)
    assert set(family.defaults) - set(RECORDED["defaults"][name]) <= OLDER


def test_what_all_classes_have_is_harmless_or_fixed() -> None:
    assert {*RECORDED["common"], *RECORDED["generation"]} <= HARMLESS | set(EVERYWHERE)


@pytest.mark.parametrize("name", [name for name, rope in RECORDED["rope"].items() if rope])
def test_rotary_defaults_are_those_of_transformers(name: str) -> None:
    defaults, rope = FAMILIES[name].defaults, RECORDED["rope"][name]
    if "full_attention" in rope:
        assert defaults["rope_local_base_freq"] == rope["sliding_attention"]["rope_theta"]
        rope = rope["full_attention"]
    assert rope.pop("rope_type") == "default"
    assert defaults["rope_theta"] == rope.pop("rope_theta")
    assert defaults["partial_rotary_factor"] == rope.pop("partial_rotary_factor", None)
    assert not rope


def test_rotary_parameters_are_those_of_transformers() -> None:
    assert set(ROPE) - {"type"} == set(RECORDED["rope_parameters"]) - {"mrope_section"}  # of models that see images


@pytest.mark.parametrize("name", REAL)
def test_real_configurations_are_read(name: str) -> None:
    expected = REAL[name]["expected"]
    found = translate(REAL[name]["config"], "config.json")
    said = {key: found.metadata.get(f"{found.architecture}.{key}") for key in expected}
    assert said == expected


@pytest.mark.parametrize("name", FAMILIES)
def test_a_key_that_nobody_knows_is_refused_by_its_name(name: str) -> None:
    config: dict[str, Any] = {"model_type": name}
    translate(config, "config.json")
    translate(config | {"a_new_key": None}, "config.json")
    with pytest.raises(UnknownSettingError, match="a_new_key") as refused:
        translate(config | {"a_new_key": 0}, "config.json")
    assert refused.value.details["field"] == "a_new_key"


@pytest.mark.parametrize("family", [name for name in TINY if name != "phi4-mini"])
def test_a_rotary_parameter_that_nobody_knows_is_refused_by_its_name(family: str) -> None:
    config = {key: value for key, value in TINY[family].items() if key != "rope_parameters"}
    with pytest.raises(UnknownSettingError, match="a_new_key"):
        translate(config | {"rope_scaling": {"rope_type": "default", "a_new_key": 1}}, "config.json")


ABSENT: dict[str, dict[str, Any]] = {
    "gemma2": {
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
        "attention.scale": 1 / 16,
        "attention.sliding_window": 4096,
        "attention.sliding_window_pattern": 2,
    },
    "gemma3_text": {
        "final_logit_softcapping": 0.0,
        "rope.freq_base": 1e6,
        "rope.freq_base_swa": 1e4,
        "attention.sliding_window": 4096,
        "attention.sliding_window_pattern": 6,
    },
    "llama": {"rope.freq_base": 1e4, "attention.key_length": 128, "tied": False},
    "mistral": {"attention.sliding_window": 4096, "attention.head_count_kv": 8},
    "phi": {"rope.dimension_count": 32},
    "phi3": {"attention.sliding_window": None, "rope.dimension_count": 96},
    "qwen3": {"attention.key_length": 128, "attention.sliding_window": None},
    "smollm3": {"rope.freq_base": 2e6, "tied": True},
    "t5": {"attention.relative_buckets_count": 32, "attention.relative_max_distance": 128, "tied": True},
}
"""What an empty config.json means, which is not what null means."""


@pytest.mark.parametrize("name", ABSENT)
def test_an_absent_key_has_the_default_of_transformers(name: str) -> None:
    found = translate({"model_type": name}, "config.json")
    assert {key: found.metadata.get(f"{found.architecture}.{key}") for key in ABSENT[name]} == ABSENT[name]


def test_null_says_none() -> None:
    nothing = dict.fromkeys(("attn_logit_softcapping", "final_logit_softcapping", "sliding_window"))
    found = translate({"model_type": "gemma2", **nothing}, "config.json").metadata
    assert (found["gemma2.attn_logit_softcapping"], found["gemma2.final_logit_softcapping"]) == (0.0, 0.0)
    assert found["gemma2.attention.sliding_window"] == 0
    mistral = translate({"model_type": "mistral", "sliding_window": None, "num_key_value_heads": None}, "config.json")
    assert "llama.attention.sliding_window" not in mistral.metadata
    assert mistral.metadata["llama.attention.head_count_kv"] == 32
