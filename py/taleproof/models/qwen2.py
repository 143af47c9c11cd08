# SPDX-License-Identifier: Apache-2.0
"""Qwen2 and Qwen2.5: LLaMA's network with biases of queries, keys and values (Yang et al. 2024, arXiv 2407.10671)."""

from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.formats.huggingface.keys import Defaults
from taleproof.models.shared.architecture import Architecture, Conventions, Family, Keys
from taleproof.models.shared.config_json import SHAPE, check_no_windows, decoder_keys, head_dim_of
from taleproof.models.shared.decoder import Block, Decoder
from taleproof.models.shared.decoder_config import Config, read_decoder
from taleproof.models.shared.decoder_weights import Weights
from taleproof.models.shared.rope_json import rope_keys
from taleproof.models.shared.tensor_names import DECODER, TensorNames, absent_biases
from taleproof.nn.weights import Tensors


W = TypeVar("W")


def from_gguf(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    return read_decoder(file, Conventions())


def load(config: Config, tensors: Tensors[W]) -> Decoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    weights = Weights(config, tensors)

    def block(_: int, b: str) -> Block[W]:
        return Block(
            attention_norm=weights.norm(f"{b}.attn_norm"),
            attention=weights.attention(b),
            mlp_norm=weights.norm(f"{b}.ffn_norm"),
            mlp=weights.gated_mlp(b),
        )

    return weights.decoder((config.ropes[0].rotary(),), block)


def qwen_keys(config: ConfigJson) -> Keys:
    """Return what a config.json of Qwen2 or Qwen3 says."""
    check_no_windows(config, spared="max_window_layers")
    return decoder_keys(config) | rope_keys(config, head_dim_of(config))


QWEN: Defaults = {
    **SHAPE,
    "vocab_size": 151_936,
    "hidden_size": 4096,
    "intermediate_size": 22_016,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "max_position_embeddings": 32_768,
    "use_sliding_window": False,
    "sliding_window": 4096,
    "max_window_layers": 28,
}
"""What Qwen2 and Qwen3 have."""

QWEN2 = Family(
    defaults=QWEN,
    fixed={"hidden_act": ("silu",), "use_mrope": (False,)},
    keys=qwen_keys,
    absent=lambda config: absent_biases("attn_q", "attn_k", "attn_v"),
)

ARCHITECTURE = Architecture(
    name="qwen2",
    tasks=("generate",),
    from_gguf=from_gguf,
    load=load,
    families={"qwen2": QWEN2},
    tensor_name=TensorNames(DECODER),
)
