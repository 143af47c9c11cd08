# SPDX-License-Identifier: Apache-2.0
"""What decoder families share: blocks of attention and a gated MLP, with norms before them and sometimes after.

A family's own file reads what differs (which weights there are, and with which conventions) and builds a Decoder; the
forward pass is here, once.
"""

from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from taleproof.errors import UnknownSettingError
from taleproof.formats import ModelFile
from taleproof.formats.limits import EPSILON, MAX_HEADS, MAX_LAYERS, MAX_POSITIONS, MAX_VOCABULARY, MAX_WIDTH, SOFTCAP
from taleproof.graph.ops import A, C, Ops
from taleproof.graph.rope import Rotary
from taleproof.models import Logits
from taleproof.nn.cache import CacheShape, KVCache
from taleproof.nn.layers import Embedding, GatedMLP, Linear, RMSNorm
from taleproof.nn.weights import TensorSource


W = TypeVar("W")

MAX_HEAD_DIM = 256
"""Beyond it the integer sums of the attention kernel could overflow (kernels/attention/attention.c)."""


@dataclass(frozen=True)
class Config:
    """The numbers that fix the network's shape.

    Attributes
    ----------
    attention_scale : what q . k is multiplied with.
    embedding_scale : what the embedding is multiplied with.
    attention_softcap, final_softcap : the caps of scores and of logits; 0 for none.
    """

    vocab_size: int
    n_ctx_train: int
    dim: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    epsilon: float
    attention_scale: float = field(kw_only=True)
    embedding_scale: float = field(default=1.0, kw_only=True)
    attention_softcap: float = field(default=0.0, kw_only=True)
    final_softcap: float = field(default=0.0, kw_only=True)

    @property
    def q_dim(self) -> int:
        """The width of the queries."""
        return self.heads * self.head_dim

    @property
    def kv_dim(self) -> int:
        """The width of the keys, and of the values."""
        return self.kv_heads * self.head_dim

    @property
    def cache(self) -> CacheShape:
        """What is kept for each position."""
        return CacheShape(self.layers, self.kv_heads, self.head_dim)


def vocab_size_of(file: ModelFile) -> int:
    """Return the number of tokens: the embedding's rows, or what the file says where it has no embedding."""
    embedding = file.tensors.get("token_embd.weight")
    if embedding is not None:
        return embedding.shape[0]
    return file.count(f"{file.architecture}.vocab_size", 1, MAX_VOCABULARY)


def read_config(file: ModelFile, norm: Literal["rms", "layer"] = "rms") -> Config:
    """Read and check what all families have; FormatError where it can't be right."""
    key = file.architecture
    layers = file.count(f"{key}.block_count", 1, MAX_LAYERS)
    dim = file.count(f"{key}.embedding_length", 1, MAX_WIDTH)
    heads = file.layer_count(f"{key}.attention.head_count", 1, MAX_HEADS, layers)
    kv_heads = file.layer_count(f"{key}.attention.head_count_kv", 1, MAX_HEADS, layers, heads)
    if heads % kv_heads:
        raise file.fail(f"{key}.attention.head_count_kv", kv_heads, f"it must divide the {heads} heads")
    head_dim = head_dim_of(file, dim, heads)
    epsilon = "layer_norm_rms_epsilon" if norm == "rms" else "layer_norm_epsilon"
    return Config(
        vocab_size=vocab_size_of(file),
        n_ctx_train=file.count(f"{key}.context_length", 1, MAX_POSITIONS),
        dim=dim,
        hidden=file.layer_count(f"{key}.feed_forward_length", 1, MAX_WIDTH, layers),
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        epsilon=file.f32(f"{key}.attention.{epsilon}", *EPSILON),
        attention_scale=head_dim**-0.5,
    )


def head_dim_of(file: ModelFile, dim: int, heads: int) -> int:
    """Return the elements of a head; UnknownSettingError where values have another number than keys."""
    key = file.architecture
    head_dim = file.count(f"{key}.attention.key_length", 1, MAX_WIDTH, dim // heads)
    if not 1 <= head_dim <= MAX_HEAD_DIM:
        raise file.fail(f"{key}.attention.key_length", head_dim, f"heads have 1 to {MAX_HEAD_DIM} elements")
    value_dim = file.count(f"{key}.attention.value_length", 1, MAX_WIDTH, head_dim)
    if value_dim != head_dim:
        why = f"keys have {head_dim}, and models with another number for values are not run"
        raise UnknownSettingError(file.name, f"{key}.attention.value_length", value_dim, why)
    return head_dim


def window_of(file: ModelFile, default: int = 0) -> int:
    """Return how many positions a token of a local layer sees; 0 for all."""
    return file.count(f"{file.architecture}.attention.sliding_window", 0, MAX_POSITIONS, default)


def global_each(file: ModelFile, default: int) -> int:
    """Return how many layers there are to each that sees all positions, the last of them; the others are local."""
    return file.count(f"{file.architecture}.attention.sliding_window_pattern", 1, MAX_LAYERS, default)


def softcap_of(file: ModelFile, which: Literal["attn", "final"], default: float) -> float:
    """Return the cap of an attention's scores or of the logits; 0 for none."""
    key, (least, most) = f"{file.architecture}.{which}_logit_softcapping", SOFTCAP
    cap = file.f32(key, 0.0, most, default)
    if 0.0 < cap < least:
        raise file.fail(key, cap, f"0, or a number from {least:g}, is expected")
    return cap


@dataclass(frozen=True)
class Attention(Generic[W]):
    """One layer's attention.

    Attributes
    ----------
    q_norm, k_norm : of each head before it is turned, or None.
    rotary : which of the model's rotations its heads are turned by, or None.
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

    def __call__(self, ops: Ops[A, W, C], x: A, turns: "Turns[A]", keys: C, values: C, config: Config) -> A:
        """Return what it adds to the normalised x (T, dim)."""
        q, k, v = self.q(ops, x), self.k(ops, x), self.v(ops, x)  # (T, q_dim), (T, kv_dim) twice
        if self.q_norm is not None:
            q = self.q_norm(ops, q)
        if self.k_norm is not None:
            k = self.k_norm(ops, k)
        if self.rotary is not None:
            rotary, angles = turns[self.rotary]
            q, k = ops.rope(q, angles, rotary), ops.rope(k, angles, rotary)
        ops.write_keys(keys, k)
        ops.write_values(values, v)
        scale, softcap = config.attention_scale, config.attention_softcap
        return self.output(ops, ops.attention(q, keys, values, scale, window=self.window, softcap=softcap))


Turns = tuple[tuple[Rotary, A], ...]
"""Rotations, each with the angles of the step's positions."""


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

    def forward(self, ops: Ops[A, W, C], cache: KVCache[C], logits: Logits) -> A:
        """Describe one step: tokens -> logits (1 or T, vocab), or the last hidden state (T, dim) with ``none``."""
        config = self.config
        turns = tuple((rotary, ops.rope_angles(rotary)) for rotary in self.rotaries)
        x = self.embedding(ops)  # (T, dim)
        if config.embedding_scale != 1.0:
            x = ops.scale(x, config.embedding_scale)
        for i, block in enumerate(self.blocks):
            h = block.attention(ops, block.attention_norm(ops, x), turns, cache.keys[i], cache.values[i], config)
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


class Weights(Generic[W]):
    """Weights by their names, as layers that know their place in the model.

    Parameters
    ----------
    plus : what is added to each norm's weights.
    """

    def __init__(self, file: ModelFile, tensors: TensorSource[W], config: Config, *, plus: float = 0.0) -> None:
        self.file = file
        self.tensors = tensors
        self._config = config
        self._plus = plus

    def place(self, name: str) -> str:
        """Return a tensor's place, as a person would say it."""
        part, _, rest = name.partition(".")
        if part == "token_embd":
            return f"the embedding, at the tensor {name}"
        if part != "blk":
            return f"the output layer, at the tensor {name}"
        return f"layer {int(rest.split('.')[0]) + 1} of {self._config.layers}, at the tensor {name}"

    def norm(self, name: str, size: int | None = None) -> RMSNorm[W]:
        """Return a norm of ``size`` elements, the model's width if None."""
        weight = f"{name}.weight"
        vector = self.tensors.vector(weight, size or self._config.dim, plus=self._plus)
        return RMSNorm(vector, self._config.epsilon, self.place(weight))

    def norm_if(self, name: str, size: int) -> RMSNorm[W] | None:
        """Return a norm where the file has it."""
        return self.norm(name, size) if self.tensors.has(f"{name}.weight") else None

    def linear(self, name: str, rows: int, columns: int) -> Linear[W]:
        """Return a matrix, with its bias where the file has one."""
        weight, bias = f"{name}.weight", f"{name}.bias"
        vector = self.tensors.vector(bias, rows) if self.tensors.has(bias) else None
        return Linear(self.tensors.matrix(weight, rows, columns), self.place(weight), vector)

    def stacked(self, name: str, counts: tuple[int, ...], columns: int) -> list[Linear[W]]:
        """Return the matrices, of so many rows each, that the file keeps as one above the other; their biases too."""
        weight, bias, rows = f"{name}.weight", f"{name}.bias", sum(counts)
        biased = self.tensors.has(bias)

        def linear(start: int, count: int) -> Linear[W]:
            matrix = self.tensors.rows(weight, start, count, (rows, columns))
            vector = self.tensors.stretch(bias, start, count, rows) if biased else None
            return Linear(matrix, self.place(weight), vector)

        return [linear(sum(counts[:i]), count) for i, count in enumerate(counts)]

    def attention(self, b: str, *, rotary: int | None = 0, window: int = 0) -> Attention[W]:
        """Return the attention of the block called ``b``, with norms of queries and keys where the file has them."""
        config = self._config
        return Attention(
            q=self.linear(f"{b}.attn_q", config.q_dim, config.dim),
            k=self.linear(f"{b}.attn_k", config.kv_dim, config.dim),
            v=self.linear(f"{b}.attn_v", config.kv_dim, config.dim),
            output=self.linear(f"{b}.attn_output", config.dim, config.q_dim),
            q_norm=self.norm_if(f"{b}.attn_q_norm", config.head_dim),
            k_norm=self.norm_if(f"{b}.attn_k_norm", config.head_dim),
            rotary=rotary,
            window=window,
        )

    def gated_mlp(self, b: str, activation: Literal["silu", "gelu"] = "silu") -> GatedMLP[W]:
        """Return the MLP of the block called ``b``."""
        config = self._config
        return GatedMLP(
            self.linear(f"{b}.ffn_gate", config.hidden, config.dim),
            self.linear(f"{b}.ffn_up", config.hidden, config.dim),
            self.linear(f"{b}.ffn_down", config.dim, config.hidden),
            activation,
        )

    def head(self, table: W) -> Linear[W]:
        """Return the output layer: of its own, or the embedding's table where the two are tied."""
        config = self._config
        if self.tensors.has("output.weight") or not self.file.flag(f"{self.file.architecture}.tied", True):
            return self.linear("output", config.vocab_size, config.dim)
        return Linear(table, "the output layer, at the tensor token_embd.weight")

    def decoder(self, rotaries: tuple[Rotary, ...], blocks: tuple[Block[W], ...]) -> Decoder[W]:
        """Return the whole model around its blocks."""
        config = self._config
        table = self.tensors.matrix("token_embd.weight", config.vocab_size, config.dim)
        return Decoder(
            config,
            rotaries,
            Embedding(table, self.place("token_embd.weight")),
            blocks,
            self.norm("output_norm"),
            self.head(table),
        )
