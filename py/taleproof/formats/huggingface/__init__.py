# SPDX-License-Identifier: Apache-2.0
"""Hugging Face's names in GGUF's: a config.json's fields as metadata, and the names of tensors.

In comes a config.json as an object; out go the architecture, its metadata, and a function from a tensor's name to
GGUF's. Refused, by name: model types that are not run, values of another type or out of their range, keys that are not
known, and settings that would make another network than the one that is run.

Sources: the configuration classes of transformers; llama.cpp's gguf-py for GGUF's names.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from taleproof.errors import FormatError, UnknownArchitectureError
from taleproof.formats.huggingface.config import Config
from taleproof.formats.huggingface.keys import EVERYWHERE, FAMILIES, HARMLESS
from taleproof.formats.huggingface.names import tensor_name
from taleproof.formats.huggingface.rope import rope_keys
from taleproof.formats.limits import (
    EPSILON,
    MAX_HEAD,
    MAX_HEADS,
    MAX_LAYERS,
    MAX_POSITIONS,
    MAX_VOCABULARY,
    MAX_WIDTH,
    SOFTCAP,
)
from taleproof.formats.model_file import Value
from taleproof.io.json_text import Fields


_MEAN_POOLING = 1
"""GGUF's number for it: what sentence-transformers' models of this type have, where config.json says nothing."""

_QUERY_SCALAR = (1e-3, 1e9)
"""What the root is taken of that divides q . k; real ones are 128 to 256."""

_UNTURNED = 4
"""SmolLM3: of so many layers, the last has no rotary positions."""

_ATTENTION_BIASES = frozenset({"attn_q", "attn_k", "attn_v", "attn_output"})
_MLP_BIASES = frozenset({"ffn_gate", "ffn_up", "ffn_down"})
_SLIDING, _FULL = "sliding_attention", "full_attention"


@dataclass(frozen=True)
class Translation:
    """What a config.json says, in GGUF's words. ``tensor`` gives None for a tensor that is not needed."""

    architecture: str
    metadata: dict[str, Value]
    tensor: Callable[[str], str | None]


def translate(fields: Fields, file: str) -> Translation:
    """Translate a config.json.

    Raises
    ------
    UnknownArchitectureError, UnknownSettingError, FormatError
    """
    kind = fields.get("model_type")
    if not isinstance(kind, str):
        raise FormatError(file, "model_type", kind, None, "a text is expected")
    family = FAMILIES.get(kind)
    if family is None:
        raise UnknownArchitectureError(file, kind[:80], tuple(FAMILIES))
    config = Config(fields, file, {**family.defaults, **{key: values[0] for key, values in family.fixed.items()}})
    config.check({**EVERYWHERE, **family.fixed}, HARMLESS)
    architecture = family.architecture
    metadata: dict[str, Value] = {"general.architecture": architecture}
    if architecture == "t5":
        keys = _t5_keys(config)
    elif architecture == "bert":
        keys = _shape_keys(config, architecture) | {"attention.causal": False, "pooling_type": _MEAN_POOLING}
        metadata["tokenizer.ggml.token_type_count"] = config.count("type_vocab_size", 1, MAX_WIDTH)
    else:
        keys = _decoder_keys(config, kind, architecture)
    without = _absent(config, kind, architecture)

    def tensor(name: str) -> str | None:
        known = tensor_name(architecture, name)
        return name if known is not None and known.endswith(without) else known

    return Translation(architecture, metadata | {f"{architecture}.{key}": value for key, value in keys.items()}, tensor)


def _absent(config: Config, kind: str, architecture: str) -> tuple[str, ...]:
    """Return how names of tensors end that a network of these settings does not have.

    A file that has one keeps the name that no network has, and is refused by it: it is not what its settings say.
    """
    if architecture == "t5":
        return (".ffn_gate.weight",) if config.text("feed_forward_proj") == "relu" else ()
    if architecture in ("bert", "phi2"):
        return ()
    biased: Iterable[str] = ()
    if kind == "qwen2":
        biased = _ATTENTION_BIASES - {"attn_output"}
    elif kind not in ("mistral", "phi3") and config.flag("attention_bias"):
        biased = _ATTENTION_BIASES
    if kind in ("llama", "smollm3") and config.flag("mlp_bias"):
        biased = {*biased, *_MLP_BIASES}
    return tuple(sorted(f".{name}.bias" for name in (_ATTENTION_BIASES | _MLP_BIASES).difference(biased)))


def _shape_keys(config: Config, architecture: str) -> dict[str, Value]:
    norm = "layer_norm" if architecture in ("bert", "phi2") else "layer_norm_rms"
    epsilon = "layer_norm_eps" if architecture in ("bert", "phi2") else "rms_norm_eps"
    return {
        "vocab_size": config.count("vocab_size", 1, MAX_VOCABULARY),
        "context_length": config.count("max_position_embeddings", 1, MAX_POSITIONS),
        "embedding_length": config.count("hidden_size", 1, MAX_WIDTH),
        "feed_forward_length": config.count("intermediate_size", 1, MAX_WIDTH),
        "block_count": config.count("num_hidden_layers", 1, MAX_LAYERS),
        "attention.head_count": config.count("num_attention_heads", 1, MAX_HEADS),
        f"attention.{norm}_epsilon": config.f32(epsilon, *EPSILON),
    }


def _decoder_keys(config: Config, kind: str, architecture: str) -> dict[str, Value]:
    keys = _shape_keys(config, architecture)
    heads, layers = config.count("num_attention_heads", 1, MAX_HEADS), config.count("num_hidden_layers", 1, MAX_LAYERS)
    kv_heads = config.count("num_key_value_heads", 1, MAX_HEADS) if config.given("num_key_value_heads") else heads
    head_dim = config.count("hidden_size", 1, MAX_WIDTH) // heads
    if config.given("head_dim"):
        head_dim = config.count("head_dim", 1, MAX_HEAD)
    if not 1 <= head_dim <= MAX_HEAD:
        raise config.fail("num_attention_heads", f"hidden_size / num_attention_heads, {head_dim}, is no size of a head")
    keys |= {
        "attention.head_count_kv": kv_heads,
        "attention.key_length": head_dim,
        "attention.value_length": head_dim,
        "tied": config.flag("tie_word_embeddings"),
    }
    if architecture in ("gemma2", "gemma3"):
        keys |= _gemma_keys(config, kind, layers)
    else:
        _check_windows(config, kind, layers)
    if kind in ("mistral", "phi3", "gemma2", "gemma3_text") and config.given("sliding_window"):
        keys["attention.sliding_window"] = config.count("sliding_window", 1, MAX_POSITIONS)
    if kind == "smollm3":
        _check_unturned(config, layers)
    return keys | rope_keys(config, architecture, head_dim)


def _gemma_keys(config: Config, kind: str, layers: int) -> dict[str, Value]:
    """Return the caps, the scale, and which layers see all positions."""

    def cap(key: str) -> float:
        return config.f32(key, *SOFTCAP) if config.given(key) else 0.0

    keys: dict[str, Value] = {
        "attention.scale": config.f32("query_pre_attn_scalar", *_QUERY_SCALAR) ** -0.5,
        "final_logit_softcapping": cap("final_logit_softcapping"),
        "attention.sliding_window_pattern": _global_each(config, kind, layers),
    }
    if kind == "gemma2":
        keys["attn_logit_softcapping"] = cap("attn_logit_softcapping")
    if not config.given("sliding_window"):
        keys["attention.sliding_window"] = 0
    return keys


def _global_each(config: Config, kind: str, layers: int) -> int:
    """Return how many layers there are to each that sees all positions, the last of them."""
    each = config.count("sliding_window_pattern", 1, MAX_LAYERS) if kind == "gemma3_text" else 2
    if config.given("layer_types"):
        kinds = config.each_of("layer_types", layers, (_SLIDING, _FULL))
        each = kinds.index(_FULL) + 1 if _FULL in kinds else MAX_LAYERS
        if kinds != [_SLIDING if (i + 1) % each else _FULL for i in range(layers)]:
            raise config.refused("layer_types", "layers are run that see all positions at equal distances only")
    elif kind == "gemma3_text" and config.value("_sliding_window_pattern") not in (None, each):
        raise config.refused("_sliding_window_pattern", f"sliding_window_pattern is {each}")
    return each


def _check_windows(config: Config, kind: str, layers: int) -> None:
    """Refuse windows in models whose layers see all positions here, and layers of other kinds than the model's own."""
    windowed = kind in ("mistral", "phi3") and config.given("sliding_window")
    if config.given("layer_types"):
        config.each_of("layer_types", layers, (_SLIDING if windowed else _FULL,))
    elif kind in ("qwen2", "qwen3", "smollm3") and config.flag("use_sliding_window") and config.given("sliding_window"):
        whole = 0 if kind == "smollm3" else config.count("max_window_layers", 0, MAX_POSITIONS)
        if whole < layers:
            raise config.refused("use_sliding_window", "windows are not run in models of this type")


def _check_unturned(config: Config, layers: int) -> None:
    """Refuse rotary positions in other layers than SmolLM3's own."""
    if not config.given("no_rope_layers"):
        if config.count("no_rope_layer_interval", 1, MAX_LAYERS) != _UNTURNED:
            raise config.refused("no_rope_layer_interval", f"{_UNTURNED} is run in models of this type")
    elif config.each_of("no_rope_layers", layers, (0, 1)) != [int((i + 1) % _UNTURNED != 0) for i in range(layers)]:
        raise config.refused("no_rope_layers", "every fourth layer, and no other, is expected to be without positions")


def _t5_keys(config: Config) -> dict[str, Value]:
    layers = config.count("num_layers", 1, MAX_LAYERS)
    decoder_layers = config.count("num_decoder_layers", 1, MAX_LAYERS) if config.given("num_decoder_layers") else layers
    gated = config.text("feed_forward_proj") != "relu"
    for key, usual in (("is_gated_act", gated), ("dense_act_fn", "gelu_new" if gated else "relu")):
        if config.given(key) and config.value(key) != usual:
            raise config.refused(key, f"{usual} is run where feed_forward_proj is {config.text('feed_forward_proj')}")
    return {
        "vocab_size": config.count("vocab_size", 1, MAX_VOCABULARY),
        "context_length": config.count("n_positions", 1, MAX_POSITIONS),
        "embedding_length": config.count("d_model", 1, MAX_WIDTH),
        "feed_forward_length": config.count("d_ff", 1, MAX_WIDTH),
        "block_count": layers,
        "decoder_block_count": decoder_layers,
        "attention.head_count": config.count("num_heads", 1, MAX_HEADS),
        "attention.key_length": config.count("d_kv", 1, MAX_HEAD),
        "attention.value_length": config.count("d_kv", 1, MAX_HEAD),
        "attention.layer_norm_rms_epsilon": config.f32("layer_norm_epsilon", *EPSILON),
        "attention.relative_buckets_count": config.count("relative_attention_num_buckets", 1, MAX_WIDTH),
        "attention.relative_max_distance": config.count("relative_attention_max_distance", 1, MAX_POSITIONS),
        "decoder_start_token_id": config.count("decoder_start_token_id", 0, MAX_VOCABULARY),
        "tied": config.flag("tie_word_embeddings"),
    }
