# SPDX-License-Identifier: Apache-2.0
"""The configuration that decoder families share: in come GGUF's keys, out goes a Config, each number in its range."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import UnknownSettingError
from taleproof.formats import ModelFile
from taleproof.formats.limits import EPSILON, MAX_HEADS, MAX_LAYERS, MAX_POSITIONS, MAX_VOCABULARY, MAX_WIDTH, SOFTCAP
from taleproof.graph.rope import Rope, read_rope
from taleproof.models.shared.architecture import Conventions, TextConfig
from taleproof.nn.cache import CacheShape


MAX_HEAD_DIM = 256
"""Beyond it the integer sums of the attention kernel could overflow (kernels/attention/attention.c)."""


@dataclass(frozen=True)
class Config:
    """The numbers that fix the network's shape.

    Attributes
    ----------
    tied : whether the embedding's table is the output layer where the file has no other.
    norm_plus : what is added to each norm's weights.
    ropes : the ways in which heads are rotated; a layer says by which.
    factors : what frequencies are divided by, where a key says it; a tensor goes before it.
    attention_scale : what q . k is multiplied with.
    embedding_scale : what the embedding is multiplied with.
    attention_softcap, final_softcap : the caps of scores and of logits; 0 for none.
    window : how many positions a token of a local layer sees; 0 for all.
    global_each : of so many layers, the last sees all positions; the others are local. 0 where all are local.
    """

    text: TextConfig
    dim: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    epsilon: float
    tied: bool
    norm_plus: float
    ropes: tuple[Rope, ...]
    attention_scale: float = field(kw_only=True)
    factors: NDArray[np.float32] | None = field(default=None, kw_only=True)
    embedding_scale: float = field(default=1.0, kw_only=True)
    attention_softcap: float = field(default=0.0, kw_only=True)
    final_softcap: float = field(default=0.0, kw_only=True)
    window: int = field(default=0, kw_only=True)
    global_each: int = field(default=0, kw_only=True)

    @property
    def q_dim(self) -> int:
        """The width of the queries."""
        return self.heads * self.head_dim

    @property
    def kv_dim(self) -> int:
        """The width of the keys, and of the values."""
        return self.kv_heads * self.head_dim

    def sees_all(self, layer: int) -> bool:
        """Return whether a layer is one of those that see all positions, whatever the window."""
        return self.global_each > 0 and (layer + 1) % self.global_each == 0

    def window_at(self, layer: int) -> int:
        """Return how many positions a token of this layer sees; 0 for all."""
        return 0 if self.sees_all(layer) else self.window


def vocab_size_of(file: ModelFile) -> int:
    """Return the number of tokens: the embedding's rows, or what the file says where it has no embedding."""
    embedding = file.tensors.get("token_embd.weight")
    if embedding is not None:
        return embedding.shape[0]
    return file.count(f"{file.architecture}.vocab_size", 1, MAX_VOCABULARY)


def read_decoder(file: ModelFile, conventions: Conventions, norm: Literal["rms", "layer"] = "rms") -> Config:
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
        text=TextConfig(
            vocab_size_of(file),
            file.count(f"{key}.context_length", 1, MAX_POSITIONS),
            CacheShape(layers, kv_heads, head_dim),
        ),
        dim=dim,
        hidden=file.layer_count(f"{key}.feed_forward_length", 1, MAX_WIDTH, layers),
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        epsilon=file.f32(f"{key}.attention.{epsilon}", *EPSILON),
        tied=file.flag(f"{key}.tied", True),
        norm_plus=conventions.plus(file),
        ropes=(read_rope(file, key, head_dim, neox_layout=conventions.neox_layout(file)),),
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


def check_equal_heads(file: ModelFile, heads: int) -> None:
    """Refuse another number of heads for keys and values, in a network that has one for each query's."""
    key = f"{file.architecture}.attention.head_count_kv"
    kv_heads = file.count(key, 1, MAX_HEADS, heads)
    if kv_heads != heads:
        raise UnknownSettingError(file.name, key, kv_heads, f"{heads}, one for each head, is run")


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


def factors_of(file: ModelFile, conventions: Conventions) -> NDArray[np.float32] | None:
    """Return what frequencies are divided by, where a key says it: those for texts of the usual length."""
    (first, *_) = conventions.factors
    return file.numbers(f"{file.architecture}.{first}", None)
