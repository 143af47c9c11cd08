# SPDX-License-Identifier: Apache-2.0
"""Hugging Face's names of tensors in GGUF's, by architecture.

In comes a name out of a safetensors file, out goes GGUF's name. A name that no network of the architecture has stays as
it is, so that whoever asks for tensors can name it.

Source: transformers' models; llama.cpp's gguf-py for GGUF's names.
"""

import re


_DECODER = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "model.final_layernorm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.dense": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.qkv_proj": "attn_qkv",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.gate_up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.fc1": "ffn_up",
    "mlp.fc2": "ffn_down",
}

_GEMMA = _DECODER | {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}

_BERT = {
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
}

_T5 = {
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
    r"(.*\.)?rotary_emb\.inv_freq|(bert\.)?embeddings\.position_ids|(bert\.)?pooler\..*"
    r"|(encoder|decoder)\.embed_tokens\.weight|decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight"
)
"""Tensors that some files have beside the weights, or twice."""


def tensor_name(architecture: str, name: str) -> str | None:
    """Return GGUF's name; None for a tensor that is not needed, the same name for one that is not known."""
    if _UNUSED.fullmatch(name):
        return None
    stem, dot, kind = name.rpartition(".")
    if architecture == "bert":
        stem = stem.removeprefix("bert.")
        found = re.fullmatch(r"encoder\.layer\.(\d{1,6})\.(.+)", stem)
        gguf = _BERT.get(found[2] if found else stem)
        prefix = f"blk.{int(found[1])}." if found else ""
    elif architecture == "t5":
        found = re.fullmatch(r"(enc|dec)oder\.(?:block\.(\d{1,6})\.layer\.([012])\.)?(.+)", stem)
        prefix = ""
        if found is None:
            gguf = _T5.get(stem)
        elif found[2] is None:
            gguf, prefix = _T5.get(found[4]), f"{found[1]}."
        else:
            norm = ("attn_norm", "ffn_norm" if found[1] == "enc" else "cross_attn_norm", "ffn_norm")[int(found[3])]
            gguf = norm if found[4] == "layer_norm" else _T5.get(found[4])
            prefix = f"{found[1]}.blk.{int(found[2])}."
    else:
        names = _GEMMA if architecture in ("gemma2", "gemma3") else _DECODER
        found = re.fullmatch(r"model\.layers\.(\d{1,6})\.(.+)", stem)
        gguf = names.get(found[2] if found else stem)
        prefix = f"blk.{int(found[1])}." if found else ""
    return name if gguf is None else f"{prefix}{gguf}{dot}{kind}"
