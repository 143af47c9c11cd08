# SPDX-License-Identifier: Apache-2.0
"""BERT: an encoder whose tokens see all others, with a norm after each part (Devlin et al. 2018, arXiv 1810.04805).

What comes out is one vector a text, of length 1: the mean of the tokens' vectors, or the first one's (Reimers and
Gurevych 2019, arXiv 1908.10084), so that texts that say the same are near each other.
"""

import re
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from taleproof.device.base import GraphSpec
from taleproof.errors import UnknownSettingError
from taleproof.formats import ModelFile
from taleproof.formats.huggingface.beside import POOLINGS
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.formats.limits import EPSILON, MAX_HEADS, MAX_LAYERS, MAX_POSITIONS, MAX_WIDTH
from taleproof.graph.ops import A, C, Ops
from taleproof.models.shared.architecture import Architecture, Family, Keys, TextConfig
from taleproof.models.shared.config_json import shape_keys
from taleproof.models.shared.decoder_config import MAX_HEAD_DIM, check_equal_heads, head_dim_of, vocab_size_of
from taleproof.models.shared.gguf_keys import UNROTATED
from taleproof.models.shared.tensor_names import TensorNames
from taleproof.nn.cache import CacheShape, KVCache
from taleproof.nn.layers import Embedding, LayerNorm, Linear
from taleproof.nn.weights import Tensors


W = TypeVar("W")

Pooling = Literal["mean", "cls"]
_POOLINGS: dict[int, Pooling] = {POOLINGS["mean"]: "mean", POOLINGS["cls"]: "cls"}
_MEAN_POOLING = POOLINGS["mean"]
"""What sentence-transformers' models of this type have, where no file says anything."""


@dataclass(frozen=True)
class Config:
    """The numbers that fix the network's shape."""

    text: TextConfig
    dim: int
    hidden: int
    layers: int
    heads: int
    epsilon: float
    token_types: int
    pooling: Pooling


def from_gguf(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    key = file.architecture
    layers = file.count(f"{key}.block_count", 1, MAX_LAYERS)
    dim = file.count(f"{key}.embedding_length", 1, MAX_WIDTH)
    heads = file.layer_count(f"{key}.attention.head_count", 1, MAX_HEADS, layers)
    if dim % heads or dim // heads > MAX_HEAD_DIM:
        why = f"it must divide the width, {dim}, into heads of at most {MAX_HEAD_DIM} elements"
        raise file.fail(f"{key}.attention.head_count", heads, why)
    check_equal_heads(file, heads)
    if head_dim_of(file, dim, heads) != dim // heads:
        why = f"heads of {dim // heads} elements, which make the width together, are run"
        raise UnknownSettingError(file.name, f"{key}.attention.key_length", head_dim_of(file, dim, heads), why)
    pooling = file.count(f"{key}.pooling_type", 0, 1 << 16, _MEAN_POOLING)
    if pooling not in _POOLINGS:
        why = "1, the mean, and 2, the first token, are run"
        raise UnknownSettingError(file.name, f"{key}.pooling_type", pooling, why)
    types = file.tensors.get("token_types.weight")
    return Config(
        text=TextConfig(
            vocab_size_of(file),
            file.count(f"{key}.context_length", 1, MAX_POSITIONS),
            CacheShape(1, heads, dim // heads),  # of one layer: the next one's keys and values are written over its own
        ),
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

    def graphs(self, cache: KVCache[C], context: int, batch: int) -> dict[str, GraphSpec[A, W, C]]:
        """Return its one kind of step."""
        return {"encode": GraphSpec(lambda ops: self.encode(ops, cache), context, "the text's vector")}

    def encode(self, ops: Ops[A, W, C], cache: KVCache[C]) -> A:
        """Describe the one step that a text takes: tokens -> a vector of length 1, (1, dim)."""
        x = ops.add(self.embedding(ops), ops.position_embedding(self.positions))  # (T, dim)
        x = self.norm(ops, ops.add_row(x, ops.table_row(self.token_types, 0)))
        keys, values, scale = cache.keys[0], cache.values[0], cache_scale(self.config)
        for i, block in enumerate(self.blocks):
            q, k, v = block.q(ops, x), block.k(ops, x), block.v(ops, x)  # (T, dim) each
            ops.write_keys(keys, k)
            ops.write_values(values, v)
            attended = block.output(ops, ops.attention(q, keys, values, scale, kind="bidirectional"))
            x = block.attention_norm(ops, ops.add(x, attended))
            x = block.mlp_norm(ops, ops.add(x, block.down(ops, ops.gelu_erf(block.up(ops, x)))))
            ops.mark(f"layer {i + 1} of {len(self.blocks)}", x)
        return ops.unit(ops.mean_rows(x) if self.config.pooling == "mean" else ops.first_row(x))


def cache_scale(config: Config) -> float:
    """Return what q . k is multiplied with."""
    return float((config.dim // config.heads) ** -0.5)


def load(config: Config, tensors: Tensors[W]) -> Bert[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
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

    table = tensors.matrix("token_embd.weight", config.text.vocab_size, dim)
    return Bert(
        config,
        Embedding(table, "the embedding, at the tensor token_embd.weight"),
        tensors.matrix("position_embd.weight", config.text.n_ctx_train, dim),
        tensors.matrix("token_types.weight", config.token_types, dim),
        norm("token_embd_norm"),
        tuple(block(f"blk.{i}") for i in range(config.layers)),
    )


def _keys(config: ConfigJson) -> Keys:
    return shape_keys(config, norm="layer") | {
        "attention.causal": False,
        "pooling_type": _MEAN_POOLING,
        "tokenizer.ggml.token_type_count": config.count("type_vocab_size", 1, MAX_WIDTH),
    }


BERT = Family(
    defaults={
        "vocab_size": 30_522,
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "tie_word_embeddings": True,  # of a head that an encoder of texts does not have
    },
    fixed={
        "hidden_act": ("gelu",),
        "position_embedding_type": ("absolute",),
        "is_decoder": (False,),
        "add_cross_attention": (False,),
    },
    keys=_keys,
)

NAMES = TensorNames(
    {
        "embeddings.word_embeddings": "token_embd",
        "embeddings.position_embeddings": "position_embd",
        "embeddings.token_type_embeddings": "token_types",
        "embeddings.LayerNorm": "token_embd_norm",
        "attention.self.query": "attn_q",
        "attention.self.key": "attn_k",
        "attention.self.value": "attn_v",
        "attention.output.dense": "attn_output",
        "attention.output.LayerNorm": "attn_output_norm",
        "intermediate.dense": "ffn_up",
        "output.dense": "ffn_down",
        "output.LayerNorm": "layer_output_norm",
    },
    unused=re.compile(r"(bert\.)?embeddings\.position_ids|(bert\.)?pooler\..*"),
    layer=re.compile(r"encoder\.layer\.(\d{1,6})\.(.+)"),
    prefix="bert.",
)

ARCHITECTURE = Architecture(
    name="bert",
    tasks=("embed",),
    from_gguf=from_gguf,
    load=load,
    families={"bert": BERT},
    tensor_name=NAMES,
    harmless={**UNROTATED, "attention.causal": (False,), "normalize_embeddings": (True,)},
)
