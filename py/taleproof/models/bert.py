# SPDX-License-Identifier: Apache-2.0
"""BERT: an encoder whose tokens see all others, with a norm after each part (Devlin et al. 2018, arXiv 1810.04805).

What comes out is one vector a text, of length 1: the mean of the tokens' vectors, or the first one's (Reimers and
Gurevych 2019, arXiv 1908.10084), so that texts that say the same are near each other.
"""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from taleproof.errors import UnknownSettingError
from taleproof.formats import ModelFile
from taleproof.formats.limits import EPSILON, MAX_HEADS, MAX_LAYERS, MAX_POSITIONS, MAX_WIDTH
from taleproof.graph.ops import A, C, Ops
from taleproof.models.decoder import MAX_HEAD_DIM, vocab_size_of
from taleproof.nn.cache import CacheShape, KVCache
from taleproof.nn.layers import Embedding, LayerNorm, Linear
from taleproof.nn.weights import TensorSource


W = TypeVar("W")

Pooling = Literal["mean", "cls"]
_POOLINGS: dict[int, Pooling] = {1: "mean", 2: "cls"}


@dataclass(frozen=True)
class Config:
    """The numbers that fix the network's shape."""

    vocab_size: int
    n_ctx_train: int
    dim: int
    hidden: int
    layers: int
    heads: int
    epsilon: float
    token_types: int
    pooling: Pooling

    @property
    def cache(self) -> CacheShape:
        """Keys and values of one layer: the next one's are written over them."""
        return CacheShape(1, self.heads, self.dim // self.heads)


def read_config(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    key = file.architecture
    layers = file.count(f"{key}.block_count", 1, MAX_LAYERS)
    dim = file.count(f"{key}.embedding_length", 1, MAX_WIDTH)
    heads = file.layer_count(f"{key}.attention.head_count", 1, MAX_HEADS, layers)
    if dim % heads or dim // heads > MAX_HEAD_DIM:
        why = f"it must divide the width, {dim}, into heads of at most {MAX_HEAD_DIM} elements"
        raise file.fail(f"{key}.attention.head_count", heads, why)
    pooling = file.count(f"{key}.pooling_type", 0, 1 << 16, 1)
    if pooling not in _POOLINGS:
        why = "1, the mean, and 2, the first token, are run"
        raise UnknownSettingError(file.name, f"{key}.pooling_type", pooling, why)
    types = file.tensors.get("token_types.weight")
    return Config(
        vocab_size=vocab_size_of(file),
        n_ctx_train=file.count(f"{key}.context_length", 1, MAX_POSITIONS),
        dim=dim,
        hidden=file.layer_count(f"{key}.feed_forward_length", 1, MAX_WIDTH, layers),
        layers=layers,
        heads=heads,
        epsilon=file.f32(f"{key}.attention.layer_norm_epsilon", *EPSILON),
        token_types=types.shape[0] if types is not None else 1,
        pooling=_POOLINGS[pooling],
    )


@dataclass(frozen=True)
class Block(Generic[W]):
    """One layer's weights."""

    q: Linear[W]
    k: Linear[W]
    v: Linear[W]
    output: Linear[W]
    attention_norm: LayerNorm[W]
    up: Linear[W]
    down: Linear[W]
    mlp_norm: LayerNorm[W]


@dataclass(frozen=True)
class Bert(Generic[W]):
    """The whole model."""

    config: Config
    embedding: Embedding[W]
    positions: W
    token_types: W
    norm: LayerNorm[W]
    blocks: tuple[Block[W], ...]

    def encode(self, ops: Ops[A, W, C], cache: KVCache[C]) -> A:
        """Describe the one step that a text takes: tokens -> a vector of length 1, (1, dim)."""
        x = ops.add(self.embedding(ops), ops.position_embedding(self.positions))  # (T, dim)
        x = self.norm(ops, ops.add_row(x, ops.table_row(self.token_types, 0)))
        keys, values, scale = cache.keys[0], cache.values[0], cache_scale(self.config)
        for i, block in enumerate(self.blocks):
            q, k, v = block.q(ops, x), block.k(ops, x), block.v(ops, x)  # (T, dim) each
            ops.write_keys(keys, k)
            ops.write_values(values, v)
            attended = block.output(ops, ops.attention(q, keys, values, scale, span="step"))
            x = block.attention_norm(ops, ops.add(x, attended))
            x = block.mlp_norm(ops, ops.add(x, block.down(ops, ops.gelu_erf(block.up(ops, x)))))
            ops.mark(f"layer {i + 1} of {len(self.blocks)}", x)
        return ops.unit(ops.mean_rows(x) if self.config.pooling == "mean" else ops.first_row(x))


def cache_scale(config: Config) -> float:
    """Return what q . k is multiplied with."""
    return float((config.dim // config.heads) ** -0.5)


def load(file: ModelFile, tensors: TensorSource[W]) -> Bert[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    config = read_config(file)
    dim, hidden = config.dim, config.hidden

    def norm(name: str) -> LayerNorm[W]:
        weight, bias = tensors.vector(f"{name}.weight", dim), tensors.vector(f"{name}.bias", dim)
        return LayerNorm(weight, bias, config.epsilon, f"the tensor {name}.weight")

    def linear(name: str, rows: int, columns: int) -> Linear[W]:
        matrix, bias = tensors.matrix(f"{name}.weight", rows, columns), tensors.vector(f"{name}.bias", rows)
        return Linear(matrix, f"the tensor {name}.weight", bias)

    def block(b: str) -> Block[W]:
        return Block(
            q=linear(f"{b}.attn_q", dim, dim),
            k=linear(f"{b}.attn_k", dim, dim),
            v=linear(f"{b}.attn_v", dim, dim),
            output=linear(f"{b}.attn_output", dim, dim),
            attention_norm=norm(f"{b}.attn_output_norm"),
            up=linear(f"{b}.ffn_up", hidden, dim),
            down=linear(f"{b}.ffn_down", dim, hidden),
            mlp_norm=norm(f"{b}.layer_output_norm"),
        )

    table = tensors.matrix("token_embd.weight", config.vocab_size, dim)
    return Bert(
        config,
        Embedding(table, "the embedding, at the tensor token_embd.weight"),
        tensors.matrix("position_embd.weight", config.n_ctx_train, dim),
        tensors.matrix("token_types.weight", config.token_types, dim),
        norm("token_embd_norm"),
        tuple(block(f"blk.{i}") for i in range(config.layers)),
    )
