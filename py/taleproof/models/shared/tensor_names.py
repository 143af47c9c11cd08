# SPDX-License-Identifier: Apache-2.0
"""transformers' names of tensors in GGUF's.

In comes a name out of a safetensors file, out goes GGUF's name. A name that no network of the architecture has stays as
it is, so that whoever asks for tensors can name it.

Source: transformers' models; llama.cpp's gguf-py for GGUF's names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TensorNames:
    """The names of one architecture; an instance is called with a tensor's name.

    Attributes
    ----------
    names : GGUF's by transformers', both without what says the layer, and without ``.weight`` and ``.bias``.
    unused : tensors that some files have beside the weights.
    layer : what a name in a layer looks like: the layer's number, and the rest.
    prefix : what some files have before all names.
    """

    names: Mapping[str, str]
    unused: re.Pattern[str] = re.compile(r"(.*\.)?rotary_emb\.inv_freq")
    layer: re.Pattern[str] = re.compile(r"model\.layers\.(\d{1,6})\.(.+)")
    prefix: str = ""

    def __call__(self, name: str) -> str | None:
        """Return GGUF's name; None for a tensor that is not needed, the same name for one that is not known."""
        if self.unused.fullmatch(name):
            return None
        stem, dot, kind = name.rpartition(".")
        stem = stem.removeprefix(self.prefix)
        found = self.layer.fullmatch(stem)
        gguf = self.names.get(found[2] if found else stem)
        layer = f"blk.{int(found[1])}." if found else ""
        return name if gguf is None else f"{layer}{gguf}{dot}{kind}"


DECODER: Mapping[str, str] = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""What most decoders have."""

HEAD_NORMS: Mapping[str, str] = {"self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm"}
"""Norms of each head's query and key."""

_ATTENTION = ("attn_q", "attn_k", "attn_v", "attn_output")
_MLP = ("ffn_gate", "ffn_up", "ffn_down")


def absent_biases(*biased: str) -> tuple[str, ...]:
    """Return the ends of GGUF's names of all biases but these: what a decoder that has these only does not have."""
    return tuple(f".{name}.bias" for name in (*_ATTENTION, *_MLP) if name not in biased)


def biases_said(*, attention: bool, mlp: bool = False) -> tuple[str, ...]:
    """Return the ends of the names of biases that a decoder does not have, of which all of a kind are there or none."""
    return absent_biases(*(_ATTENTION if attention else ()), *(_MLP if mlp else ()))
