# SPDX-License-Identifier: Apache-2.0
"""LLaMA and its many relatives: SmolLM2, TinyLlama, Llama 3, Mistral, the llama2.c stories models.

Pre-norm blocks of attention with grouped key/value heads and rotary positions, and a gated MLP (Touvron et al. 2023,
arXiv 2302.13971 and 2307.09288). Mistral's layers see a window of positions (Jiang et al. 2023, arXiv 2310.06825).
"""

from dataclasses import replace
from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.models.shared.architecture import Architecture, Conventions, Family, Keys
from taleproof.models.shared.config_json import (
    FULL,
    SHAPE,
    SLIDING,
    check_layers,
    decoder_keys,
    head_dim_of,
    window_keys,
)
from taleproof.models.shared.decoder import Block, Decoder
from taleproof.models.shared.decoder_config import Config, factors_of, read_decoder, window_of
from taleproof.models.shared.decoder_weights import Weights
from taleproof.models.shared.rope_json import rope_keys
from taleproof.models.shared.tensor_names import DECODER, TensorNames, absent_biases, biases_said
from taleproof.nn.weights import Tensors


W = TypeVar("W")

FACTORS = "rope_freqs.weight"
CONVENTIONS = Conventions(interleaved_rope=True, factors={"rope.factors": FACTORS})


def from_gguf(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    config = read_decoder(file, CONVENTIONS)
    return replace(config, window=window_of(file), factors=factors_of(file, CONVENTIONS))


def load(config: Config, tensors: Tensors[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    weights = Weights(config, tensors)
    rotary = config.ropes[0].rotary(weights.factors(FACTORS))

    def block(i: int, b: str) -> Block[W]:
        return Block(
            attention_norm=weights.norm(f"{b}.attn_norm"),
            attention=weights.attention(b, window=config.window_at(i)),
            mlp_norm=weights.norm(f"{b}.ffn_norm"),
            mlp=weights.gated_mlp(b),
        )

    return weights.decoder((rotary,), block)


def _llama_keys(config: ConfigJson) -> Keys:
    check_layers(config, FULL)
    return decoder_keys(config) | rope_keys(config, head_dim_of(config), factored="llama3")


def _mistral_keys(config: ConfigJson) -> Keys:
    window = window_keys(config)
    check_layers(config, SLIDING if window else FULL)
    return decoder_keys(config) | window | rope_keys(config, head_dim_of(config), factored="llama3")


LLAMA = Family(
    defaults={
        **SHAPE,
        "vocab_size": 32_000,
        "hidden_size": 4096,
        "intermediate_size": 11_008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "max_position_embeddings": 2048,
        "attention_bias": False,
        "mlp_bias": False,
    },
    fixed={"hidden_act": ("silu",), "rope_interleaved": (False,)},
    keys=_llama_keys,
    absent=lambda config: biases_said(attention=config.flag("attention_bias"), mlp=config.flag("mlp_bias")),
)

MISTRAL = Family(
    defaults={
        **SHAPE,
        "vocab_size": 32_000,
        "hidden_size": 4096,
        "intermediate_size": 14_336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "max_position_embeddings": 131_072,
        "sliding_window": 4096,
    },
    fixed={"hidden_act": ("silu",)},
    keys=_mistral_keys,
    absent=lambda config: absent_biases(),
)

ARCHITECTURE = Architecture(
    name="llama",
    tasks=("generate",),
    from_gguf=from_gguf,
    load=load,
    families={"llama": LLAMA, "mistral": MISTRAL},
    tensor_name=TensorNames(DECODER),
    conventions=CONVENTIONS,
)
