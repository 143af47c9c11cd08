# SPDX-License-Identifier: Apache-2.0
"""SmolLM3: LLaMA's network, in which every fourth layer knows nothing of positions.

Source: Bakouch et al. 2025, "SmolLM3", and Yang et al. 2025 (arXiv 2501.18795) for layers without positions.
"""

from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.formats.limits import MAX_LAYERS
from taleproof.models.shared.architecture import Architecture, Conventions, Family, Keys
from taleproof.models.shared.config_json import SHAPE, check_no_windows, decoder_keys, head_dim_of, layers_of
from taleproof.models.shared.decoder import Block, Decoder
from taleproof.models.shared.decoder_config import Config, read_decoder
from taleproof.models.shared.decoder_weights import Weights
from taleproof.models.shared.rope_json import rope_keys
from taleproof.models.shared.tensor_names import DECODER, TensorNames, biases_said
from taleproof.nn.weights import Tensors


W = TypeVar("W")

NOPE_EACH = 4
"""Of so many layers, the last has no rotary positions."""

CONVENTIONS = Conventions(interleaved_rope=True)


def from_gguf(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    return read_decoder(file, CONVENTIONS)


def load(config: Config, tensors: Tensors[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    weights = Weights(config, tensors)

    def block(i: int, b: str) -> Block[W]:
        return Block(
            attention_norm=weights.norm(f"{b}.attn_norm"),
            attention=weights.attention(b, rotary=None if (i + 1) % NOPE_EACH == 0 else 0),
            mlp_norm=weights.norm(f"{b}.ffn_norm"),
            mlp=weights.gated_mlp(b),
        )

    return weights.decoder((config.ropes[0].rotary(),), block)


def _keys(config: ConfigJson) -> Keys:
    check_no_windows(config, spared=None)
    _check_unturned(config, layers_of(config))
    return decoder_keys(config) | rope_keys(config, head_dim_of(config))


def _check_unturned(config: ConfigJson, layers: int) -> None:
    """Refuse rotary positions in other layers than SmolLM3's own."""
    if not config.given("no_rope_layers"):
        if config.count("no_rope_layer_interval", 1, MAX_LAYERS) != NOPE_EACH:
            raise config.refused("no_rope_layer_interval", f"{NOPE_EACH} is run in models of this type")
    elif config.each_of("no_rope_layers", layers, (0, 1)) != [int((i + 1) % NOPE_EACH != 0) for i in range(layers)]:
        raise config.refused("no_rope_layers", "every fourth layer, and no other, is expected to be without positions")


SMOLLM3 = Family(
    defaults={
        **SHAPE,
        "vocab_size": 128_256,
        "hidden_size": 2048,
        "intermediate_size": 11_008,
        "num_hidden_layers": 36,
        "num_attention_heads": 16,
        "num_key_value_heads": 4,
        "max_position_embeddings": 32_768,
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "rope_theta": 2_000_000.0,
        "use_sliding_window": False,
        "sliding_window": None,
        "max_window_layers": 28,
        "no_rope_layers": None,
        "no_rope_layer_interval": 4,
    },
    fixed={"hidden_act": ("silu",)},
    keys=_keys,
    absent=lambda config: biases_said(attention=config.flag("attention_bias"), mlp=config.flag("mlp_bias")),
)

ARCHITECTURE = Architecture(
    name="smollm3",
    tasks=("generate",),
    from_gguf=from_gguf,
    load=load,
    families={"smollm3": SMOLLM3},
    tensor_name=TensorNames(DECODER),
    conventions=CONVENTIONS,
)
