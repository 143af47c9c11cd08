# SPDX-License-Identifier: Apache-2.0
"""Phi-3 and Phi-4-mini: LLaMA's network, with queries, keys and values in one matrix and gate and up in another.

Only a part of each head may be rotated. Sources: Abdin et al. 2024 (arXiv 2404.14219 and 2503.01743).
"""

from dataclasses import replace
from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.formats.limits import MAX_POSITIONS
from taleproof.models.shared.architecture import Architecture, Conventions, Family, Keys
from taleproof.models.shared.config_json import (
    FULL,
    SHAPE,
    SLIDING,
    check_layers,
    decoder_keys,
    head_dim_of,
    window_keys,
)
from taleproof.models.shared.decoder import Attention, Block, Decoder
from taleproof.models.shared.decoder_config import Config, factors_of, read_decoder, window_of
from taleproof.models.shared.decoder_weights import Weights
from taleproof.models.shared.rope_json import rope_keys
from taleproof.models.shared.tensor_names import DECODER, TensorNames, absent_biases
from taleproof.nn.layers import GatedMLP
from taleproof.nn.weights import Tensors


W = TypeVar("W")

SHORT, LONG = "rope_factors_short.weight", "rope_factors_long.weight"
CONVENTIONS = Conventions(factors={"rope.factors": SHORT, "rope.factors_long": LONG})


def from_gguf(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right.

    A model whose context was extended has two sets of factors. Those for texts of the original length are used,
    and longer contexts are not offered.
    """
    config = read_decoder(file, CONVENTIONS)
    config = replace(config, window=window_of(file), factors=factors_of(file, CONVENTIONS))
    if SHORT not in file.tensors and config.factors is None:
        return config
    original = file.count(f"{file.architecture}.rope.scaling.original_context_length", 1, MAX_POSITIONS)
    return replace(config, text=replace(config.text, n_ctx_train=min(config.text.n_ctx_train, original)))


def load(config: Config, tensors: Tensors[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    weights = Weights(config, tensors)
    rotary = config.ropes[0].rotary(weights.factors(SHORT))
    if tensors.has(LONG):
        tensors.floats(LONG)

    def block(i: int, b: str) -> Block[W]:
        q, k, v = weights.fused(f"{b}.attn_qkv", (config.q_dim, config.kv_dim, config.kv_dim), config.dim)
        gate, up = weights.fused(f"{b}.ffn_up", (config.hidden, config.hidden), config.dim)
        output = weights.linear(f"{b}.attn_output", config.dim, config.q_dim)
        return Block(
            attention_norm=weights.norm(f"{b}.attn_norm"),
            attention=Attention(q, k, v, output, window=config.window_at(i)),
            mlp_norm=weights.norm(f"{b}.ffn_norm"),
            mlp=GatedMLP(gate, up, weights.linear(f"{b}.ffn_down", config.dim, config.hidden)),
        )

    return weights.decoder((rotary,), block)


def _keys(config: ConfigJson) -> Keys:
    window = window_keys(config)
    check_layers(config, SLIDING if window else FULL)
    rope = rope_keys(config, head_dim_of(config), partial=True, factored="longrope")
    return decoder_keys(config) | window | rope


PHI3 = Family(
    defaults={
        **SHAPE,
        "vocab_size": 32_064,
        "hidden_size": 3072,
        "intermediate_size": 8192,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "max_position_embeddings": 4096,
        "original_max_position_embeddings": 4096,
        "rms_norm_eps": 1e-5,
        "sliding_window": None,
        "partial_rotary_factor": 1.0,
    },
    fixed={
        "hidden_act": ("silu",),
        "attention_bias": (False,),
        "mlp_bias": (False,),
        "lm_head_bias": (False,),
        "full_attn_mod": (1,),
        "interpolate_factor": (1,),
    },
    keys=_keys,
    absent=lambda config: absent_biases(),
)

ARCHITECTURE = Architecture(
    name="phi3",
    tasks=("generate",),
    from_gguf=from_gguf,
    load=load,
    families={"phi3": PHI3},
    tensor_name=TensorNames({**DECODER, "self_attn.qkv_proj": "attn_qkv", "mlp.gate_up_proj": "ffn_up"}),
    conventions=CONVENTIONS,
    harmless={"rope.factors_long": None},
)
