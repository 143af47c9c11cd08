# SPDX-License-Identifier: Apache-2.0
"""The pass of an encoder and a decoder: the encoder reads its input as a whole, the decoder attends to its output.

Positions enter by biases alone, one table a stack, which all its layers share. A family's own file says what differs
and builds an EncoderDecoder (models/t5.py).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from taleproof.device.base import GraphSpec
from taleproof.graph.ops import A, C, Ops
from taleproof.models.shared.architecture import Logits, TextConfig
from taleproof.models.shared.decoder import writing_graphs
from taleproof.nn.cache import KVCache
from taleproof.nn.layers import MLP, Embedding, GatedMLP, Linear, RMSNorm


W = TypeVar("W")


@dataclass(frozen=True)
class Config:
    """The numbers that fix the network's shape.

    Attributes
    ----------
    buckets, max_distance : of relative positions (graph/relative.py).
    start_token : what the decoder's text begins with.
    output_scale : what the decoder's last hidden state is multiplied with.
    """

    text: TextConfig
    dim: int
    hidden: int
    encoder_layers: int
    decoder_layers: int
    heads: int
    head_dim: int
    epsilon: float
    buckets: int
    max_distance: int
    start_token: int
    output_scale: float

    @property
    def attention_dim(self) -> int:
        """The width of queries, keys and values."""
        return self.heads * self.head_dim


@dataclass(frozen=True)
class Attention(Generic[W]):
    """A layer's attention, to its own stack or to the encoder's output, and the norm before it."""

    norm: RMSNorm[W]
    q: Linear[W]
    k: Linear[W]
    v: Linear[W]
    output: Linear[W]


@dataclass(frozen=True)
class Block(Generic[W]):
    """One layer's weights; only the decoder's have cross-attention."""

    attention: Attention[W]
    cross_attention: Attention[W] | None
    mlp_norm: RMSNorm[W]
    mlp: GatedMLP[W] | MLP[W]


@dataclass(frozen=True)
class Stack(Generic[W]):
    """The encoder or the decoder. ``bias`` is its table of relative positions (buckets, heads)."""

    bias: W
    blocks: tuple[Block[W], ...]
    norm: RMSNorm[W]


@dataclass(frozen=True)
class EncoderDecoder(Generic[W]):
    """The whole model. ``head`` is the embedding's table again where the two are tied."""

    config: Config
    embedding: Embedding[W]
    encoder: Stack[W]
    decoder: Stack[W]
    head: Linear[W]

    def graphs(self, cache: KVCache[C], context: int, batch: int) -> dict[str, GraphSpec[A, W, C]]:
        """Return the decoder's kinds of steps, and the encoder's one."""
        graphs: dict[str, GraphSpec[A, W, C]]
        graphs = writing_graphs(lambda ops, logits: self.forward(ops, cache, logits), batch)
        return {**graphs, "encode": GraphSpec(lambda ops: self.encode(ops, cache), context, "the encoder's output")}

    def encode(self, ops: Ops[A, W, C], cache: KVCache[C]) -> A:
        """Describe the encoder's one step, which caches keys and values for cross-attention: (T, dim)."""
        config, own = self.config, 2 * self.config.decoder_layers
        keys, values, distance = cache.keys[own], cache.values[own], config.max_distance
        x = self.embedding(ops)  # (T, dim)
        for i, block in enumerate(self.encoder.blocks):
            part = block.attention
            h = part.norm(ops, x)
            q = part.q(ops, h)  # (T, attention_dim)
            ops.write_keys(keys, part.k(ops, h))
            ops.write_values(values, part.v(ops, h))
            bias = self.encoder.bias
            attended = ops.attention(q, keys, values, 1.0, kind="bidirectional", bias=bias, max_distance=distance)
            x = ops.add(x, part.output(ops, attended))
            x = ops.add(x, block.mlp(ops, block.mlp_norm(ops, x)))
            ops.mark(f"layer {i + 1} of {config.encoder_layers} of the encoder", x)
        x = self.encoder.norm(ops, x)
        for i, block in enumerate(self.decoder.blocks):
            assert block.cross_attention is not None
            ops.write_keys(cache.keys[config.decoder_layers + i], block.cross_attention.k(ops, x))
            ops.write_values(cache.values[config.decoder_layers + i], block.cross_attention.v(ops, x))
        return x

    def forward(self, ops: Ops[A, W, C], cache: KVCache[C], logits: Logits) -> A:
        """Describe a step of the decoder: tokens -> logits (1 or T, vocab), or with ``none`` its last hidden state."""
        config = self.config
        x = self.embedding(ops)  # (T, dim)
        for i, block in enumerate(self.decoder.blocks):
            part, cross = block.attention, block.cross_attention
            assert cross is not None
            keys, values = cache.keys[i], cache.values[i]
            h = part.norm(ops, x)
            q = part.q(ops, h)  # (T, attention_dim)
            ops.write_keys(keys, part.k(ops, h))
            ops.write_values(values, part.v(ops, h))
            bias = self.decoder.bias
            attended = ops.attention(q, keys, values, 1.0, bias=bias, max_distance=config.max_distance)
            x = ops.add(x, part.output(ops, attended))
            keys, values = cache.keys[config.decoder_layers + i], cache.values[config.decoder_layers + i]
            seen = ops.attention(cross.q(ops, cross.norm(ops, x)), keys, values, 1.0, kind="cross")
            x = ops.add(x, cross.output(ops, seen))
            x = ops.add(x, block.mlp(ops, block.mlp_norm(ops, x)))
            ops.mark(f"layer {i + 1} of {config.decoder_layers} of the decoder", x)
        if logits == "none":
            return x
        if logits == "last":
            x = ops.last_row(x)  # (1, dim)
        x = self.decoder.norm(ops, x)
        return self.head(ops, ops.scale(x, config.output_scale) if config.output_scale != 1.0 else x)
