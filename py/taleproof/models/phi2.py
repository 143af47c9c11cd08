# SPDX-License-Identifier: Apache-2.0
"""Phi-2: attention and MLP side by side after one norm, biases everywhere, a part of each head rotated.

Source: Li et al. 2023, "Textbooks Are All You Need II" (arXiv 2309.05463).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from taleproof.device.base import GraphSpec
from taleproof.formats import ModelFile
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.graph.ops import A, C, Ops
from taleproof.graph.rope import Rotary
from taleproof.models.shared.architecture import Architecture, Conventions, Family, Keys, Logits
from taleproof.models.shared.config_json import FULL, SHAPE, check_layers, decoder_keys, head_dim_of
from taleproof.models.shared.decoder import Attention, writing_graphs
from taleproof.models.shared.decoder_config import Config, read_decoder
from taleproof.models.shared.decoder_weights import Weights
from taleproof.models.shared.rope_json import rope_keys
from taleproof.models.shared.tensor_names import DECODER, TensorNames
from taleproof.nn.cache import KVCache
from taleproof.nn.layers import MLP, Embedding, LayerNorm, Linear
from taleproof.nn.weights import Tensors


W = TypeVar("W")


def from_gguf(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    return read_decoder(file, Conventions(), norm="layer")


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

    def graphs(self, cache: KVCache[C], context: int, batch: int) -> dict[str, GraphSpec[A, W, C]]:
        """Return its kinds of steps."""
        return writing_graphs(lambda ops, logits: self.forward(ops, cache, logits), batch)

    def forward(self, ops: Ops[A, W, C], cache: KVCache[C], logits: Logits) -> A:
        """Describe one step: tokens -> logits (1 or T, vocab), or the last hidden state (T, dim) with ``none``."""
        rotations = ((self.rotary, ops.rope_angles(self.rotary)),)
        x = self.embedding(ops)  # (T, dim)
        for i, block in enumerate(self.blocks):
            h = block.norm(ops, x)
            attended = block.attention(ops, h, rotations, cache.keys[i], cache.values[i], self.config)
            x = ops.add(x, ops.add(attended, block.mlp(ops, h)))
            ops.mark(f"layer {i + 1} of {len(self.blocks)}", x)
        if logits == "none":
            return x
        if logits == "last":
            x = ops.last_row(x)  # (1, dim)
        return self.head(ops, self.norm(ops, x))


def load(config: Config, tensors: Tensors[W]) -> Phi2[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    weights = Weights(config, tensors)
    dim, hidden = config.dim, config.hidden

    def norm(name: str) -> LayerNorm[W]:
        weight, bias = tensors.vector(f"{name}.weight", dim), tensors.vector(f"{name}.bias", dim)
        return LayerNorm(weight, bias, config.epsilon, weights.place(f"{name}.weight"))

    def attention(b: str) -> Attention[W]:
        if not tensors.has(f"{b}.attn_qkv.weight"):
            return weights.attention(b)
        counts = (config.q_dim, config.kv_dim, config.kv_dim)
        q, k, v = weights.fused(f"{b}.attn_qkv", counts, dim)
        return Attention(q, k, v, weights.linear(f"{b}.attn_output", dim, config.q_dim))

    def block(b: str) -> Block[W]:
        up, down = weights.linear(f"{b}.ffn_up", hidden, dim), weights.linear(f"{b}.ffn_down", dim, hidden)
        return Block(norm(f"{b}.attn_norm"), attention(b), MLP(up, down))

    table = weights.embedding_table()
    return Phi2(
        config,
        config.ropes[0].rotary(),
        Embedding(table, weights.place("token_embd.weight")),
        tuple(block(f"blk.{i}") for i in range(config.layers)),
        norm("output_norm"),
        weights.head(table),
    )


def _keys(config: ConfigJson) -> Keys:
    check_layers(config, FULL)
    return decoder_keys(config, norm="layer") | rope_keys(config, head_dim_of(config), partial=True)


PHI = Family(
    defaults={
        **{key: value for key, value in SHAPE.items() if key != "rms_norm_eps"},
        "vocab_size": 51_200,
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 24,
        "num_attention_heads": 32,
        "max_position_embeddings": 2048,
        "layer_norm_eps": 1e-5,
        "partial_rotary_factor": 0.5,
    },
    fixed={"hidden_act": ("gelu_new",), "qk_layernorm": (False,)},
    keys=_keys,
)

NAMES = {
    **DECODER,
    "model.final_layernorm": "output_norm",
    "self_attn.dense": "attn_output",
    "mlp.fc1": "ffn_up",
    "mlp.fc2": "ffn_down",
}

ARCHITECTURE = Architecture(
    name="phi2",
    tasks=("generate",),
    from_gguf=from_gguf,
    load=load,
    families={"phi": PHI},
    tensor_name=TensorNames(NAMES),
)
