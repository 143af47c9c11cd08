# SPDX-License-Identifier: Apache-2.0
"""Gemma 3: Gemma 2's blocks without caps, with norms of queries and keys, one global layer in six (arXiv 2503.19786).

Local layers turn heads by a base of their own, which no scaling for long texts touches.
"""

from dataclasses import replace
from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.limits import ROPE_BASE, SCALE
from taleproof.graph.rope import read_rotary
from taleproof.models.decoder import Config, Decoder, Weights, global_each, softcap_of, window_of
from taleproof.models.decoder import read_config as read_common
from taleproof.models.gemma2 import gemma_block
from taleproof.nn.weights import TensorSource


W = TypeVar("W")

GLOBAL_EACH = 6
"""Of so many layers, the last sees all positions, where the file says nothing."""

LOCAL_BASE = 10_000.0

WINDOW = 1024
"""Positions that a local layer sees, where the file says nothing."""

LARGEST = 62
"""Layers of the 27B model, the only one whose scores are scaled by dim / heads instead of head_dim."""


def read_config(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    config, key = read_common(file), file.architecture
    per_head = config.dim / config.heads if config.layers == LARGEST else config.head_dim
    return replace(
        config,
        attention_scale=file.f32(f"{key}.attention.scale", *SCALE, per_head**-0.5),
        embedding_scale=config.dim**0.5,
        final_softcap=softcap_of(file, "final", 0.0),
    )


def load(file: ModelFile, tensors: TensorSource[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    config = read_config(file)
    weights = Weights(file, tensors, config, plus=1.0 if file.huggingface else 0.0)
    window, each = window_of(file, WINDOW), global_each(file, GLOBAL_EACH)
    local_base = file.f32(f"{file.architecture}.rope.freq_base_swa", *ROPE_BASE, LOCAL_BASE)
    everywhere = read_rotary(file, file.architecture, config.head_dim, halves=True)
    local = read_rotary(file, file.architecture, config.head_dim, halves=True, local_base=local_base)
    blocks = (
        gemma_block(weights, f"blk.{i}", 0, 0) if (i + 1) % each == 0 else gemma_block(weights, f"blk.{i}", 1, window)
        for i in range(config.layers)
    )
    return weights.decoder((everywhere, local), tuple(blocks))
