# SPDX-License-Identifier: Apache-2.0
"""Gemma 3: Gemma 2's blocks without caps, with norms of queries and keys, one global layer in six (arXiv 2503.19786).

Local layers rotate heads by a base of their own, which no scaling for long texts touches.
"""

from dataclasses import replace
from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.formats.huggingface.keys import HARMLESS
from taleproof.formats.limits import MAX_LAYERS, ROPE_BASE
from taleproof.models.gemma2 import (
    CONVENTIONS,
    GEMMA,
    GEMMA_FIXED,
    GEMMA_NAMES,
    gemma_block,
    gemma_config,
    gemma_keys,
)
from taleproof.models.shared.architecture import Architecture, Family, Keys
from taleproof.models.shared.config_json import head_dim_of
from taleproof.models.shared.decoder import Block, Decoder
from taleproof.models.shared.decoder_config import Config, softcap_of
from taleproof.models.shared.decoder_weights import Weights
from taleproof.models.shared.rope_json import ROPE, check_whole_heads, rope_keys_of
from taleproof.models.shared.tensor_names import HEAD_NORMS, TensorNames, biases_said
from taleproof.nn.weights import Tensors


W = TypeVar("W")

GLOBAL_EACH = 6
"""Of so many layers, the last sees all positions, where the file says nothing."""

LOCAL_BASE = 10_000.0

WINDOW = 1024
"""Positions that a local layer sees, where the file says nothing."""

LARGEST = 62
"""Layers of the 27B model, the only one whose scores are scaled by dim / heads instead of head_dim."""


def from_gguf(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    config = gemma_config(file, largest=LARGEST, window=WINDOW, each=GLOBAL_EACH)
    (everywhere,) = config.ropes
    local = everywhere.unscaled(file.f32(f"{file.architecture}.rope.freq_base_swa", *ROPE_BASE, LOCAL_BASE))
    return replace(config, ropes=(everywhere, local), final_softcap=softcap_of(file, "final", 0.0))


def load(config: Config, tensors: Tensors[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    weights = Weights(config, tensors)

    def block(i: int, b: str) -> Block[W]:
        return gemma_block(weights, b, 0 if config.sees_all(i) else 1, config.window_at(i))

    return weights.decoder(tuple(rope.rotary() for rope in config.ropes), block)


def _keys(config: ConfigJson) -> Keys:
    each = config.count("sliding_window_pattern", 1, MAX_LAYERS)
    keys = gemma_keys(config, each)
    if not config.given("layer_types") and config.value("_sliding_window_pattern") not in (None, each):
        raise config.refused("_sliding_window_pattern", f"sliding_window_pattern is {each}")
    return keys | _rope_keys(config, head_dim_of(config))


def _rope_keys(config: ConfigJson, head_dim: int) -> Keys:
    """Return the keys of both kinds of layers, each of which has rope_parameters of its own."""
    nested = config.part("rope_parameters", {"full_attention": None, "sliding_attention": None})
    nested.check({}, ())
    rope = nested.part("full_attention", ROPE).merged(config.part("rope_scaling", ROPE))
    local = nested.part("sliding_attention", ROPE)
    local.check({"rope_type": ("default",), "type": ("default",)}, HARMLESS)
    check_whole_heads(local)
    bases, name = (local, "rope_theta") if local.given("rope_theta") else (config, "rope_local_base_freq")
    return {"rope.freq_base_swa": bases.f32(name, *ROPE_BASE)} | rope_keys_of(config, rope, head_dim)


GEMMA3 = Family(
    defaults={
        **GEMMA,
        "vocab_size": 262_208,
        "max_position_embeddings": 131_072,
        "final_logit_softcapping": None,
        "rope_theta": 1_000_000.0,
        "rope_local_base_freq": 10_000.0,
        "sliding_window_pattern": 6,
        "_sliding_window_pattern": None,
    },
    fixed={**GEMMA_FIXED, "attn_logit_softcapping": (None,), "use_bidirectional_attention": (False,)},
    keys=_keys,
    absent=lambda config: biases_said(attention=config.flag("attention_bias")),
)

ARCHITECTURE = Architecture(
    name="gemma3",
    tasks=("generate",),
    from_gguf=from_gguf,
    load=load,
    families={"gemma3_text": GEMMA3},
    tensor_name=TensorNames({**GEMMA_NAMES, **HEAD_NORMS}),
    conventions=CONVENTIONS,
)
