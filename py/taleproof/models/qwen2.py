# SPDX-License-Identifier: Apache-2.0
"""Qwen2 and Qwen2.5: LLaMA's network with biases of queries, keys and values (Yang et al. 2024, arXiv 2407.10671)."""

from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.graph.rope import read_rotary
from taleproof.models.decoder import Block, Decoder, Weights, read_config
from taleproof.nn.weights import TensorSource


W = TypeVar("W")

__all__ = ["load", "read_config"]


def load(file: ModelFile, tensors: TensorSource[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    config = read_config(file)
    weights = Weights(file, tensors, config)
    rotary = read_rotary(file, file.architecture, config.head_dim, halves=True)

    def block(b: str) -> Block[W]:
        return Block(
            attention_norm=weights.norm(f"{b}.attn_norm"),
            attention=weights.attention(b),
            mlp_norm=weights.norm(f"{b}.ffn_norm"),
            mlp=weights.gated_mlp(b),
        )

    return weights.decoder((rotary,), tuple(block(f"blk.{i}") for i in range(config.layers)))
