# SPDX-License-Identifier: Apache-2.0
"""The pass that decoder families share: blocks of attention and a gated MLP, norms before them and sometimes after.

A family's own file says what differs and builds a Decoder (decoder_weights.py); the pass is here, once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from taleproof.device.base import GraphSpec
from taleproof.graph.ops import A, C, Ops
from taleproof.graph.rope import Rotary
from taleproof.models.shared.architecture import Logits
from taleproof.models.shared.decoder_config import Config
from taleproof.nn.cache import KVCache
from taleproof.nn.layers import Embedding, GatedMLP, Linear, RMSNorm


W = TypeVar("W")


def writing_graphs(forward: Callable[[Ops[A, W, C], Logits], A], batch: int) -> dict[str, GraphSpec[A, W, C]]:
    """Return the kinds of steps of a model that writes.

    Parameters
    ----------
    forward : describes a step; returns logits (1 or T, vocab), or with ``none`` the last hidden state.
    """

    def spec(logits: Logits) -> GraphSpec[A, W, C]:
        return GraphSpec(lambda ops: forward(ops, logits), batch, None if logits == "none" else "the logits")

    return {"none": spec("none"), "last": spec("last"), "all": spec("all")}


@dataclass(frozen=True)
class Attention(Generic[W]):
    """One layer's attention.

    Attributes
    ----------
    q_norm, k_norm : of each head before it is rotated, or None.
    rotary : which of the model's rotations its heads are rotated by, or None.
    window : how many positions a token sees; 0 for all.
    """

    q: Linear[W]
    k: Linear[W]
    v: Linear[W]
    output: Linear[W]
    q_norm: RMSNorm[W] | None = None
    k_norm: RMSNorm[W] | None = None
    rotary: int | None = 0
    window: int = 0

    def __call__(self, ops: Ops[A, W, C], x: A, rotations: "Rotations[A]", keys: C, values: C, config: Config) -> A:
        """Return what it adds to the normalised x (T, dim)."""
        q, k, v = self.q(ops, x), self.k(ops, x), self.v(ops, x)  # (T, q_dim), (T, kv_dim) twice
        if self.q_norm is not None:
            q = self.q_norm(ops, q)
        if self.k_norm is not None:
            k = self.k_norm(ops, k)
        if self.rotary is not None:
            rotary, angles = rotations[self.rotary]
            q, k = ops.rope(q, angles, rotary), ops.rope(k, angles, rotary)
        ops.write_keys(keys, k)
        ops.write_values(values, v)
        scale, softcap = config.attention_scale, config.attention_softcap
        return self.output(ops, ops.attention(q, keys, values, scale, window=self.window, softcap=softcap))


Rotations = tuple[tuple[Rotary, A], ...]
"""The model's kinds of rotation, each with the angles of the step's positions."""


@dataclass(frozen=True)
class Block(Generic[W]):
    """One layer's weights; the norms after attention and MLP are gemma's."""

    attention_norm: RMSNorm[W]
    attention: Attention[W]
    mlp_norm: RMSNorm[W]
    mlp: GatedMLP[W]
    after_attention: RMSNorm[W] | None = None
    after_mlp: RMSNorm[W] | None = None


@dataclass(frozen=True)
class Decoder(Generic[W]):
    """The whole model. ``head`` is the embedding's table again where the two are tied."""

    config: Config
    rotaries: tuple[Rotary, ...]
    embedding: Embedding[W]
    blocks: tuple[Block[W], ...]
    norm: RMSNorm[W]
    head: Linear[W]

    def graphs(self, cache: KVCache[C], context: int, batch: int) -> dict[str, GraphSpec[A, W, C]]:
        """Return its kinds of steps."""
        return writing_graphs(lambda ops, logits: self.forward(ops, cache, logits), batch)

    def forward(self, ops: Ops[A, W, C], cache: KVCache[C], logits: Logits) -> A:
        """Describe one step: tokens -> logits (1 or T, vocab), or the last hidden state (T, dim) with ``none``."""
        config = self.config
        rotations = tuple((rotary, ops.rope_angles(rotary)) for rotary in self.rotaries)
        x = self.embedding(ops)  # (T, dim)
        if config.embedding_scale != 1.0:
            x = ops.scale(x, config.embedding_scale)
        for i, block in enumerate(self.blocks):
            h = block.attention(ops, block.attention_norm(ops, x), rotations, cache.keys[i], cache.values[i], config)
            x = ops.add(x, h if block.after_attention is None else block.after_attention(ops, h))
            h = block.mlp(ops, block.mlp_norm(ops, x))
            x = ops.add(x, h if block.after_mlp is None else block.after_mlp(ops, h))
            ops.mark(f"layer {i + 1} of {len(self.blocks)}", x)
        if logits == "none":
            return x
        if logits == "last":
            x = ops.last_row(x)  # (1, dim)
        scores = self.head(ops, self.norm(ops, x))
        return ops.softcap(scores, config.final_softcap) if config.final_softcap else scores
