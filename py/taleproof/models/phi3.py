# SPDX-License-Identifier: Apache-2.0
"""Phi-3 and Phi-4-mini: LLaMA's network, with queries, keys and values in one matrix and gate and up in another.

Only a part of each head may be turned. Sources: Abdin et al. 2024 (arXiv 2404.14219 and 2503.01743).
"""

from dataclasses import replace
from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.limits import MAX_POSITIONS
from taleproof.graph.rope import read_rotary
from taleproof.models.decoder import Attention, Block, Config, Decoder, Weights, window_of
from taleproof.models.decoder import read_config as read_common
from taleproof.nn.layers import GatedMLP
from taleproof.nn.weights import TensorSource


W = TypeVar("W")

SHORT, LONG = "rope_factors_short.weight", "rope_factors_long.weight"
FACTORS = "phi3.rope.factors"


def read_config(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right.

    A model that is stretched to long texts has two sets of factors. Those for texts of the original length are used,
    and longer contexts are not offered.
    """
    config, key = read_common(file), file.architecture
    if SHORT not in file.tensors and FACTORS not in file.metadata:
        return config
    original = file.count(f"{key}.rope.scaling.original_context_length", 1, MAX_POSITIONS)
    return replace(config, n_ctx_train=min(config.n_ctx_train, original))


def load(file: ModelFile, tensors: TensorSource[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    config = read_config(file)
    weights = Weights(file, tensors, config)
    window = window_of(file)
    factors = tensors.floats(SHORT) if tensors.has(SHORT) else file.numbers(FACTORS, None)
    if tensors.has(LONG):
        tensors.floats(LONG)
    rotary = read_rotary(file, file.architecture, config.head_dim, halves=True, factors=factors)

    def block(b: str) -> Block[W]:
        q, k, v = weights.stacked(f"{b}.attn_qkv", (config.q_dim, config.kv_dim, config.kv_dim), config.dim)
        gate, up = weights.stacked(f"{b}.ffn_up", (config.hidden, config.hidden), config.dim)
        output = weights.linear(f"{b}.attn_output", config.dim, config.q_dim)
        return Block(
            attention_norm=weights.norm(f"{b}.attn_norm"),
            attention=Attention(q, k, v, output, window=window),
            mlp_norm=weights.norm(f"{b}.ffn_norm"),
            mlp=GatedMLP(gate, up, weights.linear(f"{b}.ffn_down", config.dim, config.hidden)),
        )

    return weights.decoder((rotary,), tuple(block(f"blk.{i}") for i in range(config.layers)))
