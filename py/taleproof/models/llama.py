"""LLaMA and its many relatives: SmolLM2, TinyLlama, Llama 3, the llama2.c stories models.

Pre-norm blocks of attention with grouped key/value heads and rotary positions, and a gated MLP (Touvron et al. 2023,
arXiv 2302.13971 and 2307.09288).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from ..cache import CacheShape, KVCache
from ..formats import ModelFile
from ..nn import Embedding, GatedMLP, Linear, RMSNorm
from ..ops import A, C, Ops
from ..rotary import Rotary, read_rotary
from ..tensors import TensorSource
from . import Logits


W = TypeVar("W")

MAX_HEAD_DIM = 256
"""Beyond it the integer sums of the attention kernel could overflow (kernels/attention.c)."""


@dataclass(frozen=True)
class Config:
    """The numbers that fix the network's shape."""

    vocab_size: int
    n_ctx_train: int
    dim: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    epsilon: float

    @property
    def cache(self) -> CacheShape:
        """What is kept for each position."""
        return CacheShape(self.layers, self.kv_heads, self.head_dim)


def read_config(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""

    def positive(key: str, default: int | None = None) -> int:
        value = file.integer(key) if default is None else file.integer(key, default)
        if value < 1:
            raise file.fail(key, value, "a positive number is expected")
        return value

    key = file.architecture
    dim = positive(f"{key}.embedding_length")
    heads = positive(f"{key}.attention.head_count")
    kv_heads = positive(f"{key}.attention.head_count_kv", heads)
    if heads % kv_heads:
        raise file.fail(f"{key}.attention.head_count_kv", kv_heads, f"it must divide the {heads} heads")
    head_dim = positive(f"{key}.attention.key_length", dim // heads)
    if head_dim > MAX_HEAD_DIM:
        raise file.fail(f"{key}.attention.key_length", head_dim, f"heads have at most {MAX_HEAD_DIM} elements")
    embedding = file.tensors.get("token_embd.weight")
    return Config(
        vocab_size=embedding.shape[0] if embedding is not None else positive(f"{key}.vocab_size"),
        n_ctx_train=positive(f"{key}.context_length"),
        dim=dim,
        hidden=positive(f"{key}.feed_forward_length"),
        layers=positive(f"{key}.block_count"),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        epsilon=file.number(f"{key}.attention.layer_norm_rms_epsilon"),
    )


@dataclass(frozen=True)
class Block(Generic[W]):
    """One layer's weights."""

    attention_norm: RMSNorm[W]
    q: Linear[W]
    k: Linear[W]
    v: Linear[W]
    output: Linear[W]
    mlp_norm: RMSNorm[W]
    mlp: GatedMLP[W]


@dataclass(frozen=True)
class Llama(Generic[W]):
    """The whole model. ``head`` is the embedding's table again where the two are tied."""

    config: Config
    rotary: Rotary
    embedding: Embedding[W]
    blocks: tuple[Block[W], ...]
    norm: RMSNorm[W]
    head: Linear[W]

    def forward(self, ops: Ops[A, W, C], cache: KVCache[C], logits: Logits) -> A:
        """Describe one step: tokens -> logits (1 or T, vocab), or the last hidden state (T, dim) with ``none``."""
        angles = ops.rope_angles(self.rotary)
        x = self.embedding(ops)  # (T, dim)
        for i, block in enumerate(self.blocks):
            x = ops.add(x, self._attend(ops, block, x, angles, cache.keys[i], cache.values[i]))
            x = ops.add(x, block.mlp(ops, block.mlp_norm(ops, x)))
            ops.mark(f"layer {i + 1} of {len(self.blocks)}", x)
        if logits == "none":
            return x
        if logits == "last":
            x = ops.last_row(x)  # (1, dim)
        return self.head(ops, self.norm(ops, x))

    def _attend(self, ops: Ops[A, W, C], block: Block[W], x: A, angles: A, keys: C, values: C) -> A:
        """Return what one layer's attention adds: (T, dim)."""
        h = block.attention_norm(ops, x)
        q = ops.rope(block.q(ops, h), angles, self.rotary)  # (T, heads * head_dim)
        ops.write_keys(keys, ops.rope(block.k(ops, h), angles, self.rotary))  # (T, kv_heads * head_dim)
        ops.write_values(values, block.v(ops, h))
        return block.output(ops, ops.attention(q, keys, values, self.config.head_dim**-0.5))


def load(file: ModelFile, tensors: TensorSource[W]) -> Llama[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    config = read_config(file)
    dim, hidden, vocab = config.dim, config.hidden, config.vocab_size
    q_dim, kv_dim = config.heads * config.head_dim, config.kv_heads * config.head_dim

    def norm(layer: str, name: str) -> RMSNorm[W]:
        weight = tensors.vector(f"{name}.weight", dim)
        return RMSNorm(weight, config.epsilon, _place(layer, f"{name}.weight"))

    def linear(layer: str, name: str, rows: int, columns: int) -> Linear[W]:
        return Linear(tensors.matrix(f"{name}.weight", rows, columns), _place(layer, f"{name}.weight"))

    def block(i: int) -> Block[W]:
        layer, b = f"layer {i + 1} of {config.layers}", f"blk.{i}"
        return Block(
            attention_norm=norm(layer, f"{b}.attn_norm"),
            q=linear(layer, f"{b}.attn_q", q_dim, dim),
            k=linear(layer, f"{b}.attn_k", kv_dim, dim),
            v=linear(layer, f"{b}.attn_v", kv_dim, dim),
            output=linear(layer, f"{b}.attn_output", dim, q_dim),
            mlp_norm=norm(layer, f"{b}.ffn_norm"),
            mlp=GatedMLP(
                linear(layer, f"{b}.ffn_gate", hidden, dim),
                linear(layer, f"{b}.ffn_up", hidden, dim),
                linear(layer, f"{b}.ffn_down", dim, hidden),
            ),
        )

    table = tensors.matrix("token_embd.weight", vocab, dim)
    factors = tensors.floats("rope_freqs.weight") if "rope_freqs.weight" in file.tensors else None
    return Llama(
        config,
        read_rotary(file, file.architecture, config.head_dim, halves=False, factors=factors),
        Embedding(table, _place("the embedding", "token_embd.weight")),
        tuple(block(i) for i in range(config.layers)),
        norm("the output layer", "output_norm"),
        linear("the output layer", "output", vocab, dim)
        if "output.weight" in file.tensors
        else Linear(table, _place("the output layer", "token_embd.weight")),
    )


def _place(layer: str, tensor: str) -> str:
    return f"{layer}, at the tensor {tensor}"
