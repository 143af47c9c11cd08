# SPDX-License-Identifier: Apache-2.0
"""Phi-2: attention and MLP side by side after one norm, biases everywhere, a part of each head turned.

Source: Li et al. 2023, "Textbooks Are All You Need II" (arXiv 2309.05463).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from taleproof.formats import ModelFile
from taleproof.graph.ops import A, C, Ops
from taleproof.graph.rope import Rotary, read_rotary
from taleproof.models import Logits
from taleproof.models.decoder import Attention, Config, Weights
from taleproof.models.decoder import read_config as read_common
from taleproof.nn.cache import KVCache
from taleproof.nn.layers import MLP, Embedding, LayerNorm, Linear
from taleproof.nn.weights import TensorSource


W = TypeVar("W")


def read_config(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    return read_common(file, norm="layer")


@dataclass(frozen=True)
class Block(Generic[W]):
    """One layer's weights."""

    norm: LayerNorm[W]
    attention: Attention[W]
    mlp: MLP[W]


@dataclass(frozen=True)
class Phi2(Generic[W]):
    """The whole model."""

    config: Config
    rotary: Rotary
    embedding: Embedding[W]
    blocks: tuple[Block[W], ...]
    norm: LayerNorm[W]
    head: Linear[W]

    def forward(self, ops: Ops[A, W, C], cache: KVCache[C], logits: Logits) -> A:
        """Describe one step: tokens -> logits (1 or T, vocab), or the last hidden state (T, dim) with ``none``."""
        turns = ((self.rotary, ops.rope_angles(self.rotary)),)
        x = self.embedding(ops)  # (T, dim)
        for i, block in enumerate(self.blocks):
            h = block.norm(ops, x)
            attended = block.attention(ops, h, turns, cache.keys[i], cache.values[i], self.config)
            x = ops.add(x, ops.add(attended, block.mlp(ops, h)))
            ops.mark(f"layer {i + 1} of {len(self.blocks)}", x)
        if logits == "none":
            return x
        if logits == "last":
            x = ops.last_row(x)  # (1, dim)
        return self.head(ops, self.norm(ops, x))


def load(file: ModelFile, tensors: TensorSource[W]) -> Phi2[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    config = read_config(file)
    weights = Weights(file, tensors, config)
    dim, hidden = config.dim, config.hidden

    def norm(name: str) -> LayerNorm[W]:
        weight, bias = tensors.vector(f"{name}.weight", dim), tensors.vector(f"{name}.bias", dim)
        return LayerNorm(weight, bias, config.epsilon, weights.place(f"{name}.weight"))

    def attention(b: str) -> Attention[W]:
        if not tensors.has(f"{b}.attn_qkv.weight"):
            return weights.attention(b)
        counts = (config.q_dim, config.kv_dim, config.kv_dim)
        q, k, v = weights.stacked(f"{b}.attn_qkv", counts, dim)
        return Attention(q, k, v, weights.linear(f"{b}.attn_output", dim, config.q_dim))

    def block(b: str) -> Block[W]:
        up, down = weights.linear(f"{b}.ffn_up", hidden, dim), weights.linear(f"{b}.ffn_down", dim, hidden)
        return Block(norm(f"{b}.attn_norm"), attention(b), MLP(up, down))

    table = tensors.matrix("token_embd.weight", config.vocab_size, dim)
    return Phi2(
        config,
        read_rotary(file, file.architecture, config.head_dim, halves=True),
        Embedding(table, weights.place("token_embd.weight")),
        tuple(block(f"blk.{i}") for i in range(config.layers)),
        norm("output_norm"),
        weights.head(table),
    )
