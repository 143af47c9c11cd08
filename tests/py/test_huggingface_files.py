# SPDX-License-Identifier: Apache-2.0
"""Hugging Face's folders: config.json, weights in one file or in shards with an index, in whatever order they come."""

import json
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from fixtures.families import FAMILIES, GOLDEN, safetensors, weights
from taleproof.errors import FormatError, MissingTensorError, UnknownArchitectureError, UnknownFormatError
from taleproof.formats import ModelFile, parse
from taleproof.io.reader import BytesBlob
from taleproof.models import parse_files, translate
from taleproof.tasks.engine import open_numpy


SHAPES = json.loads(GOLDEN.read_text(encoding="utf-8"))["families"]["llama"]["shapes"]
TENSORS = weights("llama", SHAPES)
CONFIG = json.dumps(FAMILIES["llama"]).encode()
SHARDS = {f"model-0000{part + 1}-of-00002.safetensors": dict(list(TENSORS.items())[part::2]) for part in range(2)}
INDEX = {"metadata": {}, "weight_map": {name: shard for shard, tensors in SHARDS.items() for name in tensors}}


def folder(**change: bytes | None) -> list[BytesBlob]:
    """Return the files of a model in two shards; ``change`` by name, None for a file that is missing."""
    files: dict[str, bytes | None] = {name: safetensors(tensors) for name, tensors in SHARDS.items()}
    files["config.json"] = CONFIG
    files["model.safetensors.index.json"] = json.dumps(INDEX).encode()
    return [BytesBlob(data, name) for name, data in (files | change).items() if data is not None]


def test_shards_are_the_model_in_any_order() -> None:
    config = BytesBlob(CONFIG, "config.json")
    whole = BytesBlob(safetensors(TENSORS), "model.safetensors")
    expected = open_numpy([whole], parse_files([whole, config])).session().forward([1, 5, 9])
    for blobs in permutations(folder()):
        file = parse_files(blobs)
        assert (file.format, file.architecture) == ("safetensors", "llama")
        by_name = {blob.name: blob for blob in blobs}
        assert {part.name for part in file.parts} == set(SHARDS)
        assert file.size == sum(by_name[name].size for name in SHARDS)
        found = open_numpy([by_name[part.name] for part in file.parts], file).session().forward([1, 5, 9])
        assert np.array_equal(found, expected)


def test_a_file_is_told_by_its_contents_too() -> None:
    config, weights_file = BytesBlob(CONFIG, "config.json"), BytesBlob(safetensors(TENSORS), "0123abcd")
    assert parse_files([weights_file, config]).huggingface
    with pytest.raises(FormatError, match=r"config\.json"):
        parse(weights_file)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors.index.json"])
def test_what_lies_beside_the_weights_is_told_from_a_model(name: str) -> None:
    beside = next(blob for blob in folder() if blob.name == name)
    with pytest.raises(UnknownFormatError, match="choose their folder, or the file with the weights"):
        parse(beside)


def test_a_chat_template_comes_from_the_tokenizers_config() -> None:
    words = json.dumps({"chat_template": "{{ messages }}"}).encode()
    assert parse_files(folder(**{"tokenizer_config.json": words})).text("tokenizer.chat_template") == "{{ messages }}"


def test_of_several_chat_templates_the_default_one_is_used_and_a_file_of_its_own_goes_first() -> None:
    several = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "plain"}]
    words = {"tokenizer_config.json": json.dumps({"chat_template": several}).encode()}
    assert parse_files(folder(**words)).text("tokenizer.chat_template") == "plain"
    own = {**words, "chat_template.jinja": "own é".encode()}
    assert parse_files(folder(**own)).text("tokenizer.chat_template") == "own é"


@pytest.mark.parametrize(
    ("config", "generation", "ends"),
    [
        (None, None, ()),
        (7, None, (7,)),
        ([7, 9], None, (7, 9)),
        (7, {"eos_token_id": [8, 9]}, (8, 9)),  # transformers generates by generation_config.json where there is one
        (7, {"max_length": 20}, (7,)),
    ],
)
def test_what_ends_a_text(config: object, generation: object, ends: tuple[int, ...]) -> None:
    change = {"config.json": json.dumps({**json.loads(CONFIG), "eos_token_id": config}).encode()}
    if generation is not None:
        change["generation_config.json"] = json.dumps(generation).encode()
    assert parse_files(folder(**change)).end_tokens == ends


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, 1),
        ({"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}, 2),
        ({"pooling_mode": "cls"}, 2),
    ],
)
def test_the_pooling_of_sentence_transformers(said: dict[str, object], number: int) -> None:
    chain = [{"type": f"sentence_transformers.models.{name}", "path": path} for name, path in MODULES]
    change = {"1_Pooling/config.json": json.dumps(said).encode(), "modules.json": json.dumps(chain).encode()}
    file = parse_files(folder(**change))
    assert file.integer(f"{file.architecture}.pooling_type") == number


MODULES = (("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize"))


def test_an_index_says_which_files_are_the_models() -> None:
    own = {name: f"part {i}.safetensors" for i, name in enumerate(sorted(SHARDS))}
    index = {"weight_map": {tensor: own[name] for name, tensors in SHARDS.items() for tensor in tensors}}
    change: dict[str, bytes | None] = dict.fromkeys(SHARDS)
    change |= {own[name]: safetensors(tensors) for name, tensors in SHARDS.items()}
    change["model.safetensors.index.json"] = json.dumps(index).encode()
    change["adapter.safetensors"] = safetensors({})
    assert [part.name for part in parse_files(folder(**change)).parts] == sorted(own.values())


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"config.json": None}, r"config\.json"),
        ({"config.json": b"[]"}, "an object is expected"),
        ({"config.json": b"{"}, "not JSON"),
        ({"config.json": b"{}"}, "model_type"),
        ({"config.json": CONFIG + b" " * (1 << 20)}, "at most"),
        ({"model-00002-of-00002.safetensors": None}, "this file of the model is missing"),
        (
            {
                "model-00003-of-00003.safetensors": safetensors(SHARDS["model-00001-of-00002.safetensors"]),
                "model.safetensors.index.json": None,
            },
            "two tensors",
        ),
        ({"model.safetensors.index.json": b"{}"}, "weight_map"),
        ({"model.safetensors.index.json": b'{"weight_map": {"a": 1}}'}, "weight_map"),
        ({"tokenizer_config.json": b"nothing"}, "not JSON"),
        ({"generation_config.json": b'{"eos_token_id": "</s>"}'}, "eos_token_id"),
        ({"generation_config.json": b'{"eos_token_id": [1, true]}'}, "eos_token_id"),
        ({"generation_config.json": b'{"eos_token_id": -1}'}, "eos_token_id"),
        ({"chat_template.jinja": b"\xff"}, "UTF-8"),
        ({"chat_template.jinja": b"x" * ((1 << 20) + 1)}, "at most"),
        ({"1_Pooling/config.json": b'{"pooling_mode_max_tokens": true}'}, "max"),
        ({"1_Pooling/config.json": b'{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}'}, "cls, mean"),
        ({"1_Pooling/config.json": b"{}"}, "pooling_mode"),
        ({"modules.json": b'[{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]'}, "Dense"),
        ({"modules.json": b'[{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]'}, "missing"),
        ({"modules.json": b'{"a": 1}'}, "a list of modules"),
    ],
)
def test_folders_that_are_not_whole_are_refused(change: dict[str, Any], match: str) -> None:
    with pytest.raises(FormatError, match=match):
        parse_files(folder(**change))


def test_a_model_type_that_is_not_run_is_named() -> None:
    with pytest.raises(UnknownArchitectureError, match="mamba"):
        parse_files(folder(**{"config.json": json.dumps({"model_type": "mamba"}).encode()}))


def parsed(settings: dict[str, Any]) -> ModelFile:
    """Return what weights of any model are with this config.json."""
    model = BytesBlob(safetensors(TENSORS), "model.safetensors")
    return parse_files([model, BytesBlob(json.dumps(settings).encode(), "config.json")])


LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}


@pytest.mark.parametrize(
    ("family", "field", "value"),
    [
        ("qwen2", "rope_parameters", LLAMA3 | {"rope_theta": 1e4, "original_max_position_embeddings": 32}),
        ("llama", "rope_parameters", {"rope_type": "longrope", "short_factor": [1.0] * 8, "long_factor": [1.0] * 8}),
        ("smollm3", "no_rope_layers", [1, 1, 0, 1, 1]),
        ("qwen3", "layer_types", ["full_attention", "sliding_attention"]),
        ("gemma2", "layer_types", ["full_attention", "sliding_attention", "full_attention"]),
        ("gemma3", "layer_types", ["sliding_attention"] * 6),
        ("gemma3", "use_bidirectional_attention", True),
        ("gemma3", "_sliding_window_pattern", 2),
        ("mistral", "layer_types", ["full_attention"] * 2),
        ("llama", "partial_rotary_factor", 0.5),
        ("llama", "quantization_config", {"quant_method": "gptq"}),
        ("llama", "logit_scale", 0.5),
        ("llama", "rope_parameters", {"rope_type": "default", "mrope_section": [4, 2, 2]}),
        ("gemma3", "rope_parameters", {"rope_theta": 1e6}),
        ("llama", "layer_types", "full_attention"),
    ],
)
def test_settings_that_make_another_network_are_refused(family: str, field: str, value: object) -> None:
    parsed(FAMILIES[family])
    with pytest.raises(FormatError) as refused:
        parsed(FAMILIES[family] | {field: value})
    assert str(refused.value.details["field"]).startswith(field)


def test_layers_of_the_usual_kinds_may_be_listed() -> None:
    kinds = {
        "gemma2": ["sliding_attention", "full_attention", "sliding_attention"],
        "gemma3": ["sliding_attention"] * 5 + ["full_attention", "sliding_attention"],
        "mistral": ["sliding_attention"] * 2,
        "qwen3": ["full_attention"] * 2,
    }
    for family, layers in kinds.items():
        parsed(FAMILIES[family] | {"layer_types": layers})


def test_windows_of_qwen_are_refused_where_a_layer_has_one() -> None:
    windows = FAMILIES["qwen2"] | {"use_sliding_window": True, "sliding_window": 8}
    parsed(windows | {"max_window_layers": 2})  # as many as there are
    with pytest.raises(FormatError, match="use_sliding_window"):
        parsed(windows | {"max_window_layers": 1})


def test_layers_of_gemma_are_run_as_they_are_listed() -> None:
    kinds = ["sliding_attention", "full_attention"] * 3 + ["sliding_attention"]
    key = "gemma3.attention.sliding_window_pattern"
    assert parsed(FAMILIES["gemma3"] | {"layer_types": kinds}).metadata[key] == 2
    assert parsed(FAMILIES["gemma3"] | {"sliding_window_pattern": 3}).metadata[key] == 3
    assert (
        parsed(FAMILIES["gemma2"] | {"layer_types": ["full_attention"] * 3}).metadata[
            "gemma2.attention.sliding_window_pattern"
        ]
        == 1
    )


@pytest.mark.parametrize(
    ("family", "tensor", "settings"),
    [
        ("llama", "model.layers.0.self_attn.q_proj.bias", {"attention_bias": True}),
        ("llama", "model.layers.0.mlp.up_proj.bias", {"mlp_bias": True}),
        ("qwen3", "model.layers.0.self_attn.o_proj.bias", {"attention_bias": True}),
        ("qwen2", "model.layers.0.self_attn.o_proj.bias", None),
        ("mistral", "model.layers.0.self_attn.q_proj.bias", None),
    ],
)
def test_biases_are_those_that_the_settings_say(family: str, tensor: str, settings: dict[str, Any] | None) -> None:
    """One that the network doesn't have keeps its name, by which it is refused when the model is loaded."""
    assert translate(FAMILIES[family], "config.json").tensor(tensor) == tensor
    if settings is not None:
        assert translate(FAMILIES[family] | settings, "config.json").tensor(tensor) != tensor


def test_an_output_layer_is_needed_where_it_is_not_the_embedding() -> None:
    tensors = {name: values for name, values in TENSORS.items() if name != "lm_head.weight"}
    model = BytesBlob(safetensors(tensors), "model.safetensors")
    for tied in (True, False):
        config = json.dumps(FAMILIES["llama"] | {"tie_word_embeddings": tied}).encode()
        file = parse_files([model, BytesBlob(config, "config.json")])
        if tied:
            open_numpy([model], file)
        else:
            with pytest.raises(MissingTensorError, match=r"output\.weight"):
                open_numpy([model], file)
