# SPDX-License-Identifier: Apache-2.0
"""Gemma 2: norms before and after each part, caps of scores and logits, every other layer local (arXiv 2408.00118)."""

from dataclasses import replace
from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.limits import SCALE
from taleproof.graph.rope import read_rotary
from taleproof.models.decoder import Block, Config, Decoder, Weights, global_each, softcap_of, window_of
from taleproof.models.decoder import read_config as read_common
from taleproof.nn.weights import TensorSource


W = TypeVar("W")

WINDOW = 4096
"""Positions that a local layer sees, where the file says nothing."""

GLOBAL_EACH = 2
"""Of so many layers, the last sees all positions, where the file says nothing."""

LARGEST = 46
"""Layers of the 27B model, the only one whose scores are scaled by dim / heads instead of head_dim."""


def read_config(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    config, key = read_common(file), file.architecture
    per_head = config.dim / config.heads if config.layers == LARGEST else config.head_dim
    return replace(
        config,
        attention_scale=file.f32(f"{key}.attention.scale", *SCALE, per_head**-0.5),
        embedding_scale=config.dim**0.5,
        attention_softcap=softcap_of(file, "attn", 50.0),
        final_softcap=softcap_of(file, "final", 30.0),
    )


def load(file: ModelFile, tensors: TensorSource[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    config = read_config(file)
    weights = Weights(file, tensors, config, plus=1.0 if file.huggingface else 0.0)
    window, each = window_of(file, WINDOW), global_each(file, GLOBAL_EACH)
    rotary = read_rotary(file, file.architecture, config.head_dim, halves=True)
    blocks = (gemma_block(weights, f"blk.{i}", 0, 0 if (i + 1) % each == 0 else window) for i in range(config.layers))
    return weights.decoder((rotary,), tuple(blocks))


def gemma_block(weights: Weights[W], b: str, rotary: int, window: int) -> Block[W]:
    """Return the block called ``b``, of Gemma 2 and 3 alike."""
    return Block(
        attention_norm=weights.norm(f"{b}.attn_norm"),
        attention=weights.attention(b, rotary=rotary, window=window),
        mlp_norm=weights.norm(f"{b}.ffn_norm"),
        mlp=weights.gated_mlp(b, "gelu"),
        after_attention=weights.norm(f"{b}.post_attention_norm"),
        after_mlp=weights.norm(f"{b}.post_ffw_norm"),
    )
