# SPDX-License-Identifier: Apache-2.0
"""Keys of an architecture in GGUF: those of real files are read or known to change nothing, any other is refused.

What real files have is what llama.cpp's converters write: convert.py, convert-hf-to-gguf.py and
convert-llama-ggml-to-gguf.py of December 2023 (as llama-cpp-python 0.2.20 carries them), conversion/ of 2026 (0.3.36).
"""

from typing import Any

import gguf
import numpy as np
import pytest

from fixtures.families import BERT, FAMILIES, T5
from taleproof.errors import UnknownSettingError
from taleproof.formats import ModelFile
from taleproof.models import ARCHITECTURES, read_config, translate
from taleproof.models.shared.gguf_keys import HARMLESS


CONFIGS: dict[str, dict[str, Any]] = {
    translate(config, "config.json").architecture: config for config in (*FAMILIES.values(), *T5.values(), BERT)
}
"""A tiny model of each architecture."""


def read(architecture: str, **keys: Any) -> None:
    """Read the configuration of a tiny model as GGUF, with keys of its architecture added, "." written as "__"."""
    metadata = dict(translate(CONFIGS[architecture], "config.json").metadata)
    metadata |= {f"{architecture}.{key.replace('__', '.')}": value for key, value in keys.items()}
    file = ModelFile("model.gguf", "GGUF v3", architecture, metadata, {}, 0)
    read_config(file, ARCHITECTURES[architecture].tasks[0])


def test_there_is_a_model_of_each_architecture() -> None:
    assert set(CONFIGS) == set(ARCHITECTURES)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("value", [0, 1.5, False, "", [], np.zeros(3, np.float32)])
def test_a_key_that_nobody_knows_is_refused_by_its_name(architecture: str, value: object) -> None:
    read(architecture)
    with pytest.raises(UnknownSettingError, match=r"a_new_key.* not known for models of this type") as refused:
        read(architecture, attention__a_new_key=value)
    assert refused.value.details["field"] == f"{architecture}.attention.a_new_key"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_keys_of_others_are_passed_over(architecture: str) -> None:
    metadata = dict(translate(CONFIGS[architecture], "config.json").metadata)
    metadata |= {"general.a_new_key": 1, "tokenizer.ggml.a_new_key": 1, "quantize.imatrix.file": "a", "mpt.alibi": 8.0}
    file = ModelFile("model.gguf", "GGUF v3", architecture, metadata, {}, 0)
    read_config(file, ARCHITECTURES[architecture].tasks[0])


REAL: list[tuple[str, dict[str, Any]]] = [
    # convert.py of 2023: a model stretched to long texts.
    (
        "llama",
        {
            "rope__scaling__type": "linear",
            "rope__scaling__factor": 4.0,
            "rope__scaling__original_context_length": 4096,
            "rope__scaling__finetuned": True,
        },
    ),
    ("llama", {"rope__scale_linear": 4.0}),  # before there was a type
    ("llama", {"tensor_data_layout": "Meta AI original pth", "expert_count": 0, "expert_used_count": 0}),
    *((each, {"use_parallel_residual": True}) for each in ("llama", "qwen2", "phi2", "gemma2")),  # Model of 2023
    # TextModel of 2026: whatever a config.json has.
    *(
        (each, {"vocab_size": 32, "attention__layer_norm_epsilon": 1e-5, "attention__layer_norm_rms_epsilon": 1e-6})
        for each in ARCHITECTURES
    ),
    ("gemma2", {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "attention__sliding_window": 4096}),
    ("gemma3", {"rope__freq_base_swa": 1e4, "rope__scaling__type": "linear", "rope__scaling__factor": 8.0}),
    ("phi3", {"rope__scaling__original_context_length": 4096, "attention__sliding_window": 0}),
    ("phi3", {"rope__scaling__attn_factor": 1.19, "rope__scaling__type": "longrope"}),
    ("qwen3", {"rope__scaling__type": "yarn", "rope__scaling__factor": 4.0, "rope__scaling__yarn_attn_factor": 1.0}),
    ("t5", {"attention__layer_norm_epsilon": 1e-6, "decoder_block_count": 3, "decoder_start_token_id": 0}),
    ("bert", {"attention__causal": False, "pooling_type": 2, "classifier__output_labels": ["yes", "no"]}),
    ("bert", {"normalize_embeddings": True}),  # Ollama's converter
    *((each, {"attention__clamp_kqv": 0.0, "attention__max_alibi_bias": 0.0}) for each in ARCHITECTURES),
]


@pytest.mark.parametrize(("architecture", "keys"), REAL)
def test_keys_of_real_files_are_read(architecture: str, keys: dict[str, Any]) -> None:
    read(architecture, **keys)


SAVED: dict[str, Any] = {
    "use_parallel_residual": False,
    "swin_norm": False,
    "expert_weights_norm": False,
    "ssm__dt_b_c_rms": False,
    "expert_count": 0,
    "expert_weights_scale": 0.0,
    "logit_scale": 0.0,
    "residual_scale": 0.0,
    "embedding_scale": 0.0,
    "token_shift_count": 2,
    "leading_dense_block_count": 0,
    "ssm__inner_size": 0,
    "router_logit_softcapping": 30.0,
    "wkv__head_size": 0,
    "attention__q_lora_rank": 0,
    "attention__max_alibi_bias": 0.0,
    "attention__recurrent_layers": np.zeros(2, np.uint32),
    "rope__dimension_sections": np.zeros(4, np.int32),
    "rope__scaling__finetuned": False,
    "rope__scaling__yarn_log_multiplier": 0.0,
    "rope__scaling__yarn_ext_factor": -1.0,
    "rope__scaling__yarn_attn_factor": 1.0,
    "swiglu_clamp_exp": np.zeros(2, np.float32),
    "classifier__output_labels": [],
}
"""What llama.cpp's model saver writes for every architecture: the defaults of llama-hparams.h."""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_keys_that_say_there_is_nothing_are_passed_over(architecture: str) -> None:
    read(architecture, **SAVED)
    if architecture != "t5":
        read(architecture, decoder_start_token_id=-1, decoder_block_count=0)
        read(architecture, decoder_start_token_id=(1 << 32) - 1, attention__relative_buckets_count=0)
    if architecture not in ("gemma2", "gemma3"):
        read(architecture, attn_logit_softcapping=50.0, final_logit_softcapping=30.0, attention__scale=0.0)


def test_local_layers_may_have_what_all_layers_have() -> None:
    read("llama", attention__key_length=24, attention__key_length_swa=24)
    read("llama", rope__freq_base_swa=1e4)
    with pytest.raises(UnknownSettingError, match="key_length_swa"):
        read("llama", attention__key_length_swa=8)


@pytest.mark.parametrize(
    ("architecture", "key", "value"),
    [
        ("llama", "expert_count", 8),  # Mixtral
        ("llama", "expert_count", np.array([0, 8], np.int32)),
        ("llama", "attention__clamp_kqv", 8.0),
        ("llama", "attention__max_alibi_bias", 8.0),
        ("llama", "attention__causal", False),
        ("llama", "attention__causal", 1),
        ("llama", "expert_weights_norm", True),
        ("llama", "logit_scale", 0.0625),
        ("llama", "residual_scale", 0.22),
        ("llama", "tensor_data_layout", "jploski"),
        ("llama", "decoder_start_token_id", 0),
        ("llama", "rope__scaling__yarn_log_multiplier", 1.0),
        ("llama", "rope__scaling__yarn_attn_factor", 1.2),
        ("llama", "attention__temperature_scale", 0.1),
        ("llama", "final_logit_softcapping", 15.0),
        ("qwen2", "attention__sliding_window", 4096),
        ("qwen2", "rope__dimension_sections", np.array([16, 24, 24, 0], np.int32)),  # of texts and images
        ("qwen3", "pooling_type", 3),  # Qwen3-Embedding
        ("qwen3", "attention__sliding_window_pattern", 4),
        ("gemma2", "rope__freq_base_swa", 1e6),
        ("gemma3", "rope__global__freq_base", 1e6),  # another converter's name of freq_base
        ("phi3", "nextn_predict_layers", 1),
        ("bert", "attention__causal", True),
        ("bert", "attention__head_count_kv", 2),
        ("bert", "attention__key_length", 8),
        ("t5", "attention__head_count_kv", 2),
        ("t5", "attention__sliding_window", 8),
    ],
)
def test_settings_of_another_network_are_refused(architecture: str, key: str, value: object) -> None:
    read(architecture)
    with pytest.raises(UnknownSettingError) as refused:
        read(architecture, **{key: value})
    assert refused.value.details["field"] == f"{architecture}.{key.replace('__', '.')}"


def test_the_names_are_those_of_the_gguf_package() -> None:
    kinds = ("LLM", "Attention", "Rope", "SSM", "KDA", "WKV", "PosNet", "ConvNext", "Classifier", "ShortConv")
    names = {name for kind in kinds for name in vars(getattr(gguf.Keys, kind)).values() if isinstance(name, str)}
    names |= set(vars(gguf.Keys.Attention.Indexer).values())
    known = {name.removeprefix("{arch}.") for name in names if isinstance(name, str)}
    later = {"attention.recurrent_layers", "attention.value_scale", "expert_latent_length"}  # than this version
    dense = {f"dense_{number}_feat_{side}" for number in (2, 3) for side in ("in", "out")}
    assert set(HARMLESS) - known - later - dense == {"rope.scale"}


def test_a_start_token_that_is_none() -> None:
    for token in (-1, (1 << 32) - 1):
        assert ModelFile("m", "GGUF v3", "llama", {"llama.decoder_start_token_id": token}, {}, 0).start_token is None
