# SPDX-License-Identifier: Apache-2.0
"""What decoders share of a config.json: its keys, with the value that each has where it is absent, in GGUF's words.

An absent key is not null: transformers has a default for it. tests/fixtures/transformers_configs.json is what the
pinned transformers says of itself, and a test compares the families' tables with it, so that no key and no default is
forgotten. Refused: values that can't be right, and layers of other kinds than the network's own.

Sources: the configuration classes of transformers; llama.cpp's gguf-py for GGUF's names.
"""

from typing import Literal

from taleproof.formats.huggingface.config import Config
from taleproof.formats.huggingface.keys import Defaults
from taleproof.formats.limits import (
    EPSILON,
    MAX_HEAD,
    MAX_HEADS,
    MAX_LAYERS,
    MAX_POSITIONS,
    MAX_VOCABULARY,
    MAX_WIDTH,
)
from taleproof.models.shared.architecture import Keys


SHAPE: Defaults = {
    "head_dim": None,
    "num_key_value_heads": None,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
    "layer_types": None,
    "rope_parameters": None,
    "rope_scaling": None,
    "rope_theta": 10_000.0,
    "partial_rotary_factor": None,
}
"""What most decoders have; the others have it with other values."""

SLIDING, FULL = "sliding_attention", "full_attention"


def shape_keys(config: Config, norm: Literal["rms", "layer"] = "rms") -> Keys:
    """Return what encoders have too."""
    return {
        "vocab_size": config.count("vocab_size", 1, MAX_VOCABULARY),
        "context_length": config.count("max_position_embeddings", 1, MAX_POSITIONS),
        "embedding_length": config.count("hidden_size", 1, MAX_WIDTH),
        "feed_forward_length": config.count("intermediate_size", 1, MAX_WIDTH),
        "block_count": layers_of(config),
        "attention.head_count": config.count("num_attention_heads", 1, MAX_HEADS),
        "attention.layer_norm_rms_epsilon" if norm == "rms" else "attention.layer_norm_epsilon": config.f32(
            "rms_norm_eps" if norm == "rms" else "layer_norm_eps", *EPSILON
        ),
    }


def decoder_keys(config: Config, norm: Literal["rms", "layer"] = "rms") -> Keys:
    """Return what all decoders have but their windows and positions."""
    heads, head_dim = config.count("num_attention_heads", 1, MAX_HEADS), head_dim_of(config)
    return shape_keys(config, norm) | {
        "attention.head_count_kv": (
            config.count("num_key_value_heads", 1, MAX_HEADS) if config.given("num_key_value_heads") else heads
        ),
        "attention.key_length": head_dim,
        "attention.value_length": head_dim,
        "tied": config.flag("tie_word_embeddings"),
    }


def layers_of(config: Config) -> int:
    """Return the number of layers."""
    return config.count("num_hidden_layers", 1, MAX_LAYERS)


def head_dim_of(config: Config) -> int:
    """Return the elements of a head."""
    head_dim = config.count("hidden_size", 1, MAX_WIDTH) // config.count("num_attention_heads", 1, MAX_HEADS)
    if config.given("head_dim"):
        head_dim = config.count("head_dim", 1, MAX_HEAD)
    if not 1 <= head_dim <= MAX_HEAD:
        raise config.fail("num_attention_heads", f"hidden_size / num_attention_heads, {head_dim}, is no size of a head")
    return head_dim


def window_keys(config: Config) -> Keys:
    """Return the window, where there is one."""
    if not config.given("sliding_window"):
        return {}
    return {"attention.sliding_window": config.count("sliding_window", 1, MAX_POSITIONS)}


def check_layers(config: Config, kind: str) -> None:
    """Refuse layers of another kind."""
    if config.given("layer_types"):
        config.each_of("layer_types", layers_of(config), (kind,))


def check_no_windows(config: Config, spared: str | None) -> None:
    """Refuse windows, in models of a type that may have them and whose layers all see everything here.

    Parameters
    ----------
    spared : the key that says how many layers, the first ones, have no window in any case; None if none has not.
    """
    if config.given("layer_types"):
        check_layers(config, FULL)
    elif config.flag("use_sliding_window") and config.given("sliding_window"):
        whole = 0 if spared is None else config.count(spared, 0, MAX_POSITIONS)
        if whole < layers_of(config):
            raise config.refused("use_sliding_window", "windows are not run in models of this type")
