# SPDX-License-Identifier: Apache-2.0
"""Gemma 2: norms before and after each part, caps of scores and logits, every other layer local (arXiv 2408.00118)."""

from dataclasses import replace
from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.formats.huggingface.keys import Defaults
from taleproof.formats.limits import MAX_LAYERS, SCALE, SOFTCAP
from taleproof.models.shared.architecture import Architecture, Conventions, Family, Keys
from taleproof.models.shared.config_json import FULL, SHAPE, SLIDING, decoder_keys, head_dim_of, layers_of, window_keys
from taleproof.models.shared.decoder import Block, Decoder
from taleproof.models.shared.decoder_config import Config, global_each, read_decoder, softcap_of, window_of
from taleproof.models.shared.decoder_weights import Weights
from taleproof.models.shared.rope_json import rope_keys
from taleproof.models.shared.tensor_names import DECODER, TensorNames, biases_said
from taleproof.nn.weights import Tensors


W = TypeVar("W")

WINDOW = 4096
"""Positions that a local layer sees, where the file says nothing."""

GLOBAL_EACH = 2
"""Of so many layers, the last sees all positions, where the file says nothing."""

LARGEST = 46
"""Layers of the 27B model, the only one whose scores are scaled by dim / heads instead of head_dim."""

CONVENTIONS = Conventions(norm_offset=1.0)

_QUERY_SCALAR = (1e-3, 1e9)
"""What the root is taken of that divides q . k; real ones are 128 to 256."""


def from_gguf(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    return replace(
        gemma_config(file, largest=LARGEST, window=WINDOW, each=GLOBAL_EACH),
        attention_softcap=softcap_of(file, "attn", 50.0),
        final_softcap=softcap_of(file, "final", 30.0),
    )


def gemma_config(file: ModelFile, *, largest: int, window: int, each: int) -> Config:
    """Return the configuration of Gemma 2 and 3 alike, without caps; the numbers are for files that say nothing."""
    config = read_decoder(file, CONVENTIONS)
    per_head = config.dim / config.heads if config.layers == largest else config.head_dim
    return replace(
        config,
        attention_scale=file.f32(f"{file.architecture}.attention.scale", *SCALE, per_head**-0.5),
        embedding_scale=config.dim**0.5,
        window=window_of(file, window),
        global_each=global_each(file, each),
    )


def load(config: Config, tensors: Tensors[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    weights = Weights(config, tensors)
    return weights.decoder((config.ropes[0].rotary(),), lambda i, b: gemma_block(weights, b, 0, config.window_at(i)))


def gemma_block(weights: Weights[W], b: str, rotary: int, window: int) -> Block[W]:
    """Return the block called ``b``, of Gemma 2 and 3 alike."""
    return Block(
        attention_norm=weights.norm(f"{b}.attn_norm"),
        attention=weights.attention(b, rotary=rotary, window=window),
        mlp_norm=weights.norm(f"{b}.ffn_norm"),
        mlp=weights.gated_mlp(b, "gelu"),
        after_attention=weights.norm(f"{b}.post_attention_norm"),
        after_mlp=weights.norm(f"{b}.post_ffw_norm"),
    )


def gemma_keys(config: ConfigJson, each: int) -> Keys:
    """Return what a config.json of Gemma 2 or 3 says, but for the caps of scores and the rotary positions.

    Parameters
    ----------
    each : of so many layers the last sees all positions, where the layers' kinds are not listed.
    """
    return decoder_keys(config) | {
        "attention.scale": config.f32("query_pre_attn_scalar", *_QUERY_SCALAR) ** -0.5,
        "final_logit_softcapping": cap_of(config, "final_logit_softcapping"),
        "attention.sliding_window_pattern": listed_each(config, each),
        **(window_keys(config) or {"attention.sliding_window": 0}),
    }


def cap_of(config: ConfigJson, key: str) -> float:
    """Return a cap; 0 for none."""
    return config.f32(key, *SOFTCAP) if config.given(key) else 0.0


def listed_each(config: ConfigJson, each: int) -> int:
    """Return how many layers there are to each that sees all positions, the last of them.

    Parameters
    ----------
    each : the answer where the layers' kinds are not listed.
    """
    if not config.given("layer_types"):
        return each
    layers = layers_of(config)
    kinds = config.each_of("layer_types", layers, (SLIDING, FULL))
    each = kinds.index(FULL) + 1 if FULL in kinds else MAX_LAYERS
    if kinds != [SLIDING if (i + 1) % each else FULL for i in range(layers)]:
        raise config.refused("layer_types", "layers are run that see all positions at equal distances only")
    return each


def _keys(config: ConfigJson) -> Keys:
    return {
        **gemma_keys(config, GLOBAL_EACH),
        "attn_logit_softcapping": cap_of(config, "attn_logit_softcapping"),
        **rope_keys(config, head_dim_of(config)),
    }


GEMMA: Defaults = {
    **SHAPE,
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "tie_word_embeddings": True,
    "attention_bias": False,
    "query_pre_attn_scalar": 256,
    "sliding_window": 4096,
}
"""What Gemma 2 and 3 have."""

GEMMA_FIXED = {
    "hidden_activation": ("gelu_pytorch_tanh",),
    "hidden_act": ("gelu_pytorch_tanh", "gelu"),  # of Gemma 1's time, and not looked at since
}

GEMMA_NAMES = {
    **DECODER,
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}

GEMMA2 = Family(
    defaults={
        **GEMMA,
        "vocab_size": 256_000,
        "max_position_embeddings": 8192,
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
    },
    fixed={**GEMMA_FIXED, "use_bidirectional_attention": (None, False)},
    keys=_keys,
    absent=lambda config: biases_said(attention=config.flag("attention_bias")),
)

ARCHITECTURE = Architecture(
    name="gemma2",
    tasks=("generate",),
    from_gguf=from_gguf,
    load=load,
    families={"gemma2": GEMMA2},
    tensor_name=TensorNames(GEMMA_NAMES),
    conventions=CONVENTIONS,
)
