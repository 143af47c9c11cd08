"""Hugging Face's names in GGUF's: a config.json's fields as metadata, and the names of tensors.

In comes a config.json as an object; out go the architecture, its metadata, and a function from a tensor's name to
GGUF's. Refused, by name: model types that are not run, fields that are missing or of another type, and settings that
would make another network than the one that is run.

Sources: the configuration classes of transformers; llama.cpp's gguf-py for GGUF's names.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError, UnknownArchitectureError
from .huggingface_names import tensor_name
from .json_text import Fields
from .model_file import Value


ARCHITECTURES = {
    "bert": "bert",
    "gemma2": "gemma2",
    "gemma3_text": "gemma3",
    "llama": "llama",
    "mistral": "llama",
    "phi": "phi2",
    "phi3": "phi3",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "smollm3": "smollm3",
    "t5": "t5",
}
"""A config's model_type -> GGUF's architecture."""

_ACTIVATIONS = {
    "bert": ("gelu",),
    "gemma2": ("gelu_pytorch_tanh",),
    "gemma3": ("gelu_pytorch_tanh",),
    "phi2": ("gelu_new",),
    "t5": ("relu", "gated-gelu"),
}
"""What each architecture's MLP may compute; the others have silu."""

_MEAN_POOLING = 1
"""GGUF's number for it: what sentence-transformers' models of this type have, where config.json says nothing."""

_FACTORED = {"llama3": ("llama",), "longrope": ("phi3",), "su": ("phi3",)}
"""Kinds of scaling that give each frequency a factor of its own, and the architectures that have them."""


@dataclass(frozen=True)
class Translation:
    """What a config.json says, in GGUF's words. ``tensor`` gives None for a tensor that is not needed."""

    architecture: str
    metadata: dict[str, Value]
    tensor: Callable[[str], str | None]


class _Config:
    """A config's fields, each of its type."""

    def __init__(self, fields: Fields, file: str) -> None:
        self.fields = fields
        self.file = file

    def fail(self, field: str, value: object, why: str) -> FormatError:
        return FormatError(self.file, field, value if isinstance(value, str | int | float) else None, None, why)

    def has(self, field: str) -> bool:
        return self.fields.get(field) is not None

    def count(self, field: str, default: int | None = None) -> int:
        value = self.fields.get(field)
        if value is None and default is not None:
            return default
        if type(value) is not int or not 0 < value < 1 << 31:
            raise self.fail(field, value, "a positive whole number is expected")
        return value

    def number(self, field: str, default: float | None = None) -> float:
        value = self.fields.get(field)
        if value is None and default is not None:
            return default
        if type(value) is int and 0 < value < 1 << 63:
            return float(value)
        if type(value) is not float or not math.isfinite(value) or value <= 0:
            raise self.fail(field, value, "a positive number is expected")
        return value

    def text(self, field: str, default: str | None = None) -> str:
        value = self.fields.get(field, default)
        if not isinstance(value, str):
            raise self.fail(field, value, "a text is expected")
        return value

    def part(self, field: str) -> "_Config":
        value = self.fields.get(field)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.fail(field, None, "an object is expected")
        return _Config(value, self.file)

    def numbers(self, field: str, length: int) -> NDArray[np.float32]:
        value = self.fields.get(field)
        if isinstance(value, list) and len(value) == length and all(type(n) in (int, float) for n in value):
            return np.array([min(float(n), 1e30) for n in value], np.float32)
        raise self.fail(field, None, f"{length} numbers are expected")


def translate(fields: Fields, file: str) -> Translation:
    """Translate a config.json.

    Raises
    ------
    UnknownArchitectureError, FormatError
    """
    config = _Config(fields, file)
    kind = config.text("model_type")
    architecture = ARCHITECTURES.get(kind)
    if architecture is None:
        raise UnknownArchitectureError(file, kind[:80], tuple(ARCHITECTURES))
    metadata: dict[str, Value] = {"general.architecture": architecture}
    if architecture == "t5":
        keys = _t5_keys(config)
    else:
        default = _ACTIVATIONS.get(architecture, ("silu",))[0]
        field = "hidden_activation" if config.has("hidden_activation") else "hidden_act"
        _check_activation(config, architecture, config.text(field, default))
        keys = _common_keys(config, architecture)
        _check_layers(config, architecture)
        if architecture == "bert":
            keys |= {"attention.causal": False, "pooling_type": _MEAN_POOLING}
            metadata["tokenizer.ggml.token_type_count"] = config.count("type_vocab_size", 2)
        else:
            keys |= _rope_keys(config, architecture)
    return Translation(
        architecture,
        metadata | {f"{architecture}.{key}": value for key, value in keys.items()},
        lambda name: tensor_name(architecture, name),
    )


def _check_layers(config: _Config, architecture: str) -> None:
    """Refuse layers in another order than the architecture's own."""
    layers = config.count("num_hidden_layers")
    kinds = config.fields.get("layer_types")
    if kinds is not None:
        each = {"gemma2": 2, "gemma3": 6}.get(architecture, 1)  # one in so many sees all
        usual = ["full_attention" if (i + 1) % each == 0 else "sliding_attention" for i in range(layers)]
        if kinds != usual and not (each == 1 and config.has("sliding_window") and set(kinds) == {"sliding_attention"}):
            raise config.fail("layer_types", None, "the layers are of other kinds than in models of this type")
    turned = config.fields.get("no_rope_layers")
    if turned is not None and turned != [int((i + 1) % 4 != 0) for i in range(layers)]:
        raise config.fail(
            "no_rope_layers", None, "every fourth layer, and no other, is expected to be without positions"
        )


def _check_activation(config: _Config, architecture: str, activation: str) -> None:
    known = _ACTIVATIONS.get(architecture, ("silu",))
    if activation not in known:
        raise config.fail("hidden_act", activation, f"{' or '.join(known)} is expected for this architecture")


def _common_keys(config: _Config, architecture: str) -> dict[str, Value]:
    heads = config.count("num_attention_heads")
    keys: dict[str, Value] = {
        "vocab_size": config.count("vocab_size"),
        "context_length": config.count("max_position_embeddings"),
        "embedding_length": config.count("hidden_size"),
        "feed_forward_length": config.count("intermediate_size"),
        "block_count": config.count("num_hidden_layers"),
        "attention.head_count": heads,
        "attention.head_count_kv": config.count("num_key_value_heads", heads),
        "attention.key_length": config.count("head_dim", max(1, config.count("hidden_size") // heads)),
    }
    keys["attention.value_length"] = keys["attention.key_length"]
    if architecture in ("bert", "phi2"):
        keys["attention.layer_norm_epsilon"] = config.number("layer_norm_eps")
    else:
        keys["attention.layer_norm_rms_epsilon"] = config.number("rms_norm_eps")
    if config.has("sliding_window") and config.fields.get("use_sliding_window", True):
        if architecture in ("qwen2", "qwen3"):
            raise config.fail("use_sliding_window", True, "windows are not run in models of this type")
        keys["attention.sliding_window"] = config.count("sliding_window")
    if config.has("query_pre_attn_scalar"):
        keys["attention.scale"] = config.number("query_pre_attn_scalar") ** -0.5
    for field in ("attn_logit_softcapping", "final_logit_softcapping"):
        if architecture in ("gemma2", "gemma3"):
            keys[field] = config.number(field) if config.has(field) else 0.0
    return keys


def _rope_keys(config: _Config, architecture: str) -> dict[str, Value]:
    rope = config.part("rope_parameters" if config.has("rope_parameters") else "rope_scaling")
    keys: dict[str, Value] = {}
    if rope.has("full_attention"):  # one set for each kind of layer
        keys["rope.freq_base_swa"] = rope.part("sliding_attention").number("rope_theta", 10_000.0)
        rope = rope.part("full_attention")
    elif config.has("rope_local_base_freq"):
        keys["rope.freq_base_swa"] = config.number("rope_local_base_freq")
    base = rope.number("rope_theta") if rope.has("rope_theta") else config.number("rope_theta", 10_000.0)
    keys["rope.freq_base"] = base
    head_dim = config.count("head_dim", max(1, config.count("hidden_size") // config.count("num_attention_heads")))
    fraction = rope if rope.has("partial_rotary_factor") else config
    rotated = int(head_dim * fraction.number("partial_rotary_factor", 0.5 if architecture == "phi2" else 1.0))
    keys["rope.dimension_count"] = rotated
    return keys | _scaling_keys(config, rope, architecture, base, rotated)


def _scaling_keys(config: _Config, rope: _Config, architecture: str, base: float, rotated: int) -> dict[str, Value]:
    kind = rope.text("rope_type", rope.text("type", "default"))
    context = config.count("max_position_embeddings")
    if architecture not in _FACTORED.get(kind, (architecture,)):
        raise rope.fail("rope_type", kind, "frequencies are not scaled so in models of this type")
    if kind == "default":
        return {}
    if kind == "linear":
        return {"rope.scaling.type": "linear", "rope.scaling.factor": rope.number("factor")}
    if kind == "yarn":
        return {
            "rope.scaling.type": "yarn",
            "rope.scaling.factor": rope.number("factor"),
            "rope.scaling.original_context_length": rope.count("original_max_position_embeddings", context),
            "rope.scaling.yarn_beta_fast": rope.number("beta_fast", 32.0),
            "rope.scaling.yarn_beta_slow": rope.number("beta_slow", 1.0),
        }
    if kind == "llama3":
        return {"rope.factors": _llama3_factors(rope, base, rotated)}
    if kind in ("longrope", "su"):
        original = (config if config.has("original_max_position_embeddings") else rope).count(
            "original_max_position_embeddings"
        )
        stretch = context / original
        magnitude = math.sqrt(1 + math.log(stretch) / math.log(original)) if stretch > 1 else 1.0
        return {
            "rope.scaling.type": "longrope",
            "rope.scaling.original_context_length": original,
            "rope.scaling.attn_factor": rope.number("attention_factor", magnitude),
            "rope.factors": rope.numbers("short_factor", rotated // 2),
            "rope.factors_long": rope.numbers("long_factor", rotated // 2),
        }
    raise rope.fail("rope_type", kind, "default, linear, yarn, llama3 or longrope is expected")


def _llama3_factors(rope: _Config, base: float, rotated: int) -> NDArray[np.float32]:
    """Return what each frequency is divided by: 1 for the fast ones, the factor for the slow, a ramp between.

    Source: the Llama 3.1 release; with waves longer than the original context counted as slow.
    """
    factor = rope.number("factor")
    low, high = rope.number("low_freq_factor"), rope.number("high_freq_factor")
    original = rope.count("original_max_position_embeddings")
    if not low < high:
        raise rope.fail("high_freq_factor", high, "a number over low_freq_factor is expected")
    factors = []
    for i in range(rotated // 2):
        wave = 2 * math.pi * base ** (2 * i / rotated)
        ramp = min(1.0, max(0.0, (original / wave - low) / (high - low)))
        factors.append(1 / ((1 - ramp) / factor + ramp))
    return np.array(factors, np.float32)


def _t5_keys(config: _Config) -> dict[str, Value]:
    layers, heads = config.count("num_layers"), config.count("num_heads")
    activation = config.text("feed_forward_proj", "relu")
    _check_activation(config, "t5", activation)
    return {
        "vocab_size": config.count("vocab_size"),
        "context_length": config.count("n_positions", 512),
        "embedding_length": config.count("d_model"),
        "feed_forward_length": config.count("d_ff"),
        "block_count": layers,
        "decoder_block_count": config.count("num_decoder_layers", layers),
        "attention.head_count": heads,
        "attention.key_length": config.count("d_kv"),
        "attention.value_length": config.count("d_kv"),
        "attention.layer_norm_rms_epsilon": config.number("layer_norm_epsilon", 1e-6),
        "attention.relative_buckets_count": config.count("relative_attention_num_buckets", 32),
        "attention.relative_max_distance": config.count("relative_attention_max_distance", 128),
        "decoder_start_token_id": config.fields.get("decoder_start_token_id", 0),
        "tied": bool(config.fields.get("tie_word_embeddings", True)),
    }
