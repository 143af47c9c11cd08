# SPDX-License-Identifier: Apache-2.0
"""T5: an encoder, and a decoder that attends to its output (Raffel et al. 2020, arXiv 1910.10683).

Scores are not scaled. Later versions (Shazeer 2020, arXiv 2002.05202) have gated MLPs and an output layer of their own.
The pass is in shared/encoder_decoder.py.
"""

import re
from typing import TypeVar

from taleproof.formats import ModelFile
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.formats.limits import (
    EPSILON,
    MAX_HEAD,
    MAX_HEADS,
    MAX_LAYERS,
    MAX_POSITIONS,
    MAX_VOCABULARY,
    MAX_WIDTH,
)
from taleproof.graph.relative import MAX_BUCKETS, MAX_DISTANCE
from taleproof.models.shared.architecture import Architecture, Family, Keys, TextConfig
from taleproof.models.shared.decoder_config import check_equal_heads, head_dim_of, vocab_size_of
from taleproof.models.shared.encoder_decoder import Attention, Block, Config, EncoderDecoder, Stack
from taleproof.models.shared.gguf_keys import UNROTATED
from taleproof.nn.cache import CacheShape
from taleproof.nn.layers import MLP, Embedding, GatedMLP, Linear, RMSNorm
from taleproof.nn.weights import Tensors


W = TypeVar("W")

UNREAD = "dec.blk.0.cross_attn_rel_b.weight"
"""A table that the first checkpoints were saved with; the network has none there."""


def from_gguf(file: ModelFile) -> Config:
    """Read and check the configuration; FormatError where it can't be right."""
    key = file.architecture
    layers = file.count(f"{key}.block_count", 1, MAX_LAYERS)
    dim = file.count(f"{key}.embedding_length", 1, MAX_WIDTH)
    heads = file.layer_count(f"{key}.attention.head_count", 1, MAX_HEADS, layers)
    buckets = file.count(f"{key}.attention.relative_buckets_count", 4, MAX_BUCKETS)
    if buckets % 2:
        raise file.fail(f"{key}.attention.relative_buckets_count", buckets, "an even number is expected")
    # More than half the buckets: the others share what lies beyond.
    distance = file.count(f"{key}.attention.relative_max_distance", buckets // 2 + 1, MAX_DISTANCE, 128)
    if distance <= buckets // 2:
        raise file.fail(f"{key}.attention.relative_max_distance", distance, f"a number over {buckets // 2} is expected")
    vocab_size = vocab_size_of(file)
    start = file.integer(f"{key}.decoder_start_token_id", None)
    if start is None or not 0 <= start < vocab_size:
        raise file.fail(f"{key}.decoder_start_token_id", start, f"a token of the {vocab_size} is expected")
    tied = file.flag(f"{key}.tied", "output.weight" not in file.tensors)
    decoder_layers = file.count(f"{key}.decoder_block_count", 1, MAX_LAYERS, layers)
    head_dim = head_dim_of(file, dim, heads)
    check_equal_heads(file, heads)
    # The decoder's layers, then the cross-attention of each of them, then one layer that all of the encoder's share.
    cache = CacheShape(2 * decoder_layers + 1, heads, head_dim)
    return Config(
        text=TextConfig(vocab_size, file.count(f"{key}.context_length", 1, MAX_POSITIONS), cache),
        dim=dim,
        hidden=file.layer_count(f"{key}.feed_forward_length", 1, MAX_WIDTH, layers),
        encoder_layers=layers,
        decoder_layers=decoder_layers,
        heads=heads,
        head_dim=head_dim,
        epsilon=file.f32(f"{key}.attention.layer_norm_rms_epsilon", *EPSILON),
        buckets=buckets,
        max_distance=distance,
        start_token=start,
        output_scale=dim**-0.5 if tied else 1.0,
    )


def load(config: Config, tensors: Tensors[W]) -> EncoderDecoder[W]:
    """Find every weight by its name in the file; MissingTensorError where one is absent or of another shape."""
    dim, hidden, attention_dim = config.dim, config.hidden, config.attention_dim

    def norm(name: str) -> RMSNorm[W]:
        return RMSNorm(tensors.vector(f"{name}.weight", dim), config.epsilon, _place(f"{name}.weight"))

    def linear(name: str, rows: int, columns: int) -> Linear[W]:
        return Linear(tensors.matrix(f"{name}.weight", rows, columns), _place(f"{name}.weight"))

    def attention(b: str, prefix: str) -> Attention[W]:
        return Attention(
            norm=norm(f"{b}.{prefix}_norm"),
            q=linear(f"{b}.{prefix}_q", attention_dim, dim),
            k=linear(f"{b}.{prefix}_k", attention_dim, dim),
            v=linear(f"{b}.{prefix}_v", attention_dim, dim),
            output=linear(f"{b}.{prefix}_o", dim, attention_dim),
        )

    def mlp(b: str) -> GatedMLP[W] | MLP[W]:
        up, down = linear(f"{b}.ffn_up", hidden, dim), linear(f"{b}.ffn_down", dim, hidden)
        if not tensors.has(f"{b}.ffn_gate.weight"):
            return MLP(up, down, "relu")
        return GatedMLP(linear(f"{b}.ffn_gate", hidden, dim), up, down, "gelu")

    def block(b: str, *, decoder: bool) -> Block[W]:
        cross_attention = attention(b, "cross_attn") if decoder else None
        return Block(attention(b, "attn"), cross_attention, norm(f"{b}.ffn_norm"), mlp(b))

    def stack(name: str, layers: int, *, decoder: bool) -> Stack[W]:
        bias = tensors.matrix(f"{name}.blk.0.attn_rel_b.weight", config.buckets, config.heads)
        blocks = tuple(block(f"{name}.blk.{i}", decoder=decoder) for i in range(layers))
        return Stack(bias, blocks, norm(f"{name}.output_norm"))

    if tensors.has(UNREAD):
        tensors.matrix(UNREAD, config.buckets, config.heads)
    table = tensors.matrix("token_embd.weight", config.text.vocab_size, dim)
    return EncoderDecoder(
        config,
        Embedding(table, "the embedding, at the tensor token_embd.weight"),
        stack("enc", config.encoder_layers, decoder=False),
        stack("dec", config.decoder_layers, decoder=True),
        linear("output", config.text.vocab_size, dim)
        if tensors.has("output.weight")
        else Linear(table, "the output layer, at the tensor token_embd.weight"),
    )


def _place(name: str) -> str:
    """Return a tensor's place, as a person would say it."""
    stack = {"enc": "the encoder", "dec": "the decoder"}.get(name.partition(".")[0], "the output layer")
    return f"{stack}, at the tensor {name}"


def _keys(config: ConfigJson) -> Keys:
    layers = config.count("num_layers", 1, MAX_LAYERS)
    decoder_layers = config.count("num_decoder_layers", 1, MAX_LAYERS) if config.given("num_decoder_layers") else layers
    gated = config.text("feed_forward_proj") != "relu"
    for key, usual in (("is_gated_act", gated), ("dense_act_fn", "gelu_new" if gated else "relu")):
        if config.given(key) and config.value(key) != usual:
            raise config.refused(key, f"{usual} is run where feed_forward_proj is {config.text('feed_forward_proj')}")
    return {
        "vocab_size": config.count("vocab_size", 1, MAX_VOCABULARY),
        "context_length": config.count("n_positions", 1, MAX_POSITIONS),
        "embedding_length": config.count("d_model", 1, MAX_WIDTH),
        "feed_forward_length": config.count("d_ff", 1, MAX_WIDTH),
        "block_count": layers,
        "decoder_block_count": decoder_layers,
        "attention.head_count": config.count("num_heads", 1, MAX_HEADS),
        "attention.key_length": config.count("d_kv", 1, MAX_HEAD),
        "attention.value_length": config.count("d_kv", 1, MAX_HEAD),
        "attention.layer_norm_rms_epsilon": config.f32("layer_norm_epsilon", *EPSILON),
        "attention.relative_buckets_count": config.count("relative_attention_num_buckets", 1, MAX_WIDTH),
        "attention.relative_max_distance": config.count("relative_attention_max_distance", 1, MAX_POSITIONS),
        "decoder_start_token_id": config.count("decoder_start_token_id", 0, MAX_VOCABULARY),
        "tied": config.flag("tie_word_embeddings"),
    }


_FAMILY = Family(
    defaults={
        "vocab_size": 32_128,
        "d_model": 512,
        "d_kv": 64,
        "d_ff": 2048,
        "num_layers": 6,
        "num_decoder_layers": None,
        "num_heads": 8,
        "relative_attention_num_buckets": 32,
        "relative_attention_max_distance": 128,
        "layer_norm_epsilon": 1e-6,
        "n_positions": 512,
        "decoder_start_token_id": 0,
        "tie_word_embeddings": True,
        "dense_act_fn": None,
        "is_gated_act": None,
    },
    fixed={
        "feed_forward_proj": ("relu", "gated-gelu"),
        "is_decoder": (False,),
        "is_encoder_decoder": (True,),
    },
    keys=_keys,
    absent=lambda config: (".ffn_gate.weight",) if config.text("feed_forward_proj") == "relu" else (),
)

_NAMES = {
    "shared": "token_embd",
    "lm_head": "output",
    "final_layer_norm": "output_norm",
    "SelfAttention.q": "attn_q",
    "SelfAttention.k": "attn_k",
    "SelfAttention.v": "attn_v",
    "SelfAttention.o": "attn_o",
    "SelfAttention.relative_attention_bias": "attn_rel_b",
    "EncDecAttention.q": "cross_attn_q",
    "EncDecAttention.k": "cross_attn_k",
    "EncDecAttention.v": "cross_attn_v",
    "EncDecAttention.o": "cross_attn_o",
    "DenseReluDense.wi": "ffn_up",
    "DenseReluDense.wi_0": "ffn_gate",
    "DenseReluDense.wi_1": "ffn_up",
    "DenseReluDense.wo": "ffn_down",
}
_UNUSED = re.compile(
    r"(encoder|decoder)\.embed_tokens\.weight|decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight"
)


def tensor_name(name: str) -> str | None:
    """Return GGUF's name for transformers' name of a tensor; None for one that is not needed."""
    if _UNUSED.fullmatch(name):
        return None
    stem, dot, kind = name.rpartition(".")
    found = re.fullmatch(r"(enc|dec)oder\.(?:block\.(\d{1,6})\.layer\.([012])\.)?(.+)", stem)
    prefix = ""
    if found is None:
        gguf = _NAMES.get(stem)
    elif found[2] is None:
        gguf, prefix = _NAMES.get(found[4]), f"{found[1]}."
    else:
        norm = ("attn_norm", "ffn_norm" if found[1] == "enc" else "cross_attn_norm", "ffn_norm")[int(found[3])]
        gguf = norm if found[4] == "layer_norm" else _NAMES.get(found[4])
        prefix = f"{found[1]}.blk.{int(found[2])}."
    return name if gguf is None else f"{prefix}{gguf}{dot}{kind}"


ARCHITECTURE = Architecture(
    name="t5",
    tasks=("generate",),
    from_gguf=from_gguf,
    load=load,
    families={"t5": _FAMILY},
    tensor_name=tensor_name,
    harmless=UNROTATED,
)
