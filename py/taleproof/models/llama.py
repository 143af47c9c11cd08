# SPDX-License-Identifier: Apache-2.0
"""LLaMA and its many relatives: SmolLM2, TinyLlama, Llama 3, Mistral, the llama2.c stories models.

Pre-norm blocks of attention with grouped key/value heads and rotary positions, and a gated MLP (Touvron et al. 2023,
arXiv 2302.13971 and 2307.09288). Mistral's layers see a window of positions (Jiang et al. 2023, arXiv 2310.06825).
"""

from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.graph.rope import read_rotary
from taleproof.models.decoder import Block, Decoder, Weights, read_config, window_of
from taleproof.nn.weights import TensorSource


W = TypeVar("W")

FACTORS = "rope_freqs.weight"

__all__ = ["load", "read_config"]


def load(file: ModelFile, tensors: TensorSource[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    config = read_config(file)
    weights = Weights(file, tensors, config)
    window = window_of(file)
    factors = tensors.floats(FACTORS) if tensors.has(FACTORS) else file.numbers("llama.rope.factors", None)
    rotary = read_rotary(file, file.architecture, config.head_dim, halves=file.huggingface, factors=factors)

    def block(b: str) -> Block[W]:
        return Block(
            attention_norm=weights.norm(f"{b}.attn_norm"),
            attention=weights.attention(b, window=window),
            mlp_norm=weights.norm(f"{b}.ffn_norm"),
            mlp=weights.gated_mlp(b),
        )

    return weights.decoder((rotary,), tuple(block(f"blk.{i}") for i in range(config.layers)))
