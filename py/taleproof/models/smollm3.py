# SPDX-License-Identifier: Apache-2.0
"""SmolLM3: LLaMA's network, in which every fourth layer knows nothing of positions.

Source: Bakouch et al. 2025, "SmolLM3", and Yang et al. 2025 (arXiv 2501.18795) for layers without positions.
"""

from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.graph.rope import read_rotary
from taleproof.models.decoder import Block, Decoder, Weights, read_config
from taleproof.nn.weights import TensorSource


W = TypeVar("W")

UNTURNED = 4
"""Of so many layers, the last has no rotary positions."""

__all__ = ["load", "read_config"]


def load(file: ModelFile, tensors: TensorSource[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    config = read_config(file)
    weights = Weights(file, tensors, config)
    rotary = read_rotary(file, file.architecture, config.head_dim, halves=file.huggingface)

    def block(i: int) -> Block[W]:
        b = f"blk.{i}"
        return Block(
            attention_norm=weights.norm(f"{b}.attn_norm"),
            attention=weights.attention(b, rotary=None if (i + 1) % UNTURNED == 0 else 0),
            mlp_norm=weights.norm(f"{b}.ffn_norm"),
            mlp=weights.gated_mlp(b),
        )

    return weights.decoder((rotary,), tuple(block(i) for i in range(config.layers)))
