# SPDX-License-Identifier: Apache-2.0
"""Weights of a decoder by their names, as layers that know their place in the model. Out goes the whole Decoder."""

from collections.abc import Callable
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from taleproof.graph.rope import Rotary
from taleproof.models.shared.decoder import Attention, Block, Decoder
from taleproof.models.shared.decoder_config import Config
from taleproof.nn.layers import Embedding, GatedMLP, Linear, RMSNorm
from taleproof.nn.weights import Tensors


W = TypeVar("W")


class Weights(Generic[W]):
    """Weights by their names."""

    def __init__(self, config: Config, tensors: Tensors[W]) -> None:
        self.tensors = tensors
        self._config = config

    def place(self, name: str) -> str:
        """Return a tensor's place, as a person would say it."""
        part, _, rest = name.partition(".")
        if part == "token_embd":
            return f"the embedding, at the tensor {name}"
        if part != "blk":
            return f"the output layer, at the tensor {name}"
        return f"layer {int(rest.split('.')[0]) + 1} of {self._config.layers}, at the tensor {name}"

    def norm(self, name: str, size: int | None = None) -> RMSNorm[W]:
        """Return a norm of ``size`` elements, the model's width if None."""
        weight = f"{name}.weight"
        vector = self.tensors.vector(weight, size or self._config.dim, plus=self._config.norm_plus)
        return RMSNorm(vector, self._config.epsilon, self.place(weight))

    def norm_if(self, name: str, size: int) -> RMSNorm[W] | None:
        """Return a norm where the file has it."""
        return self.norm(name, size) if self.tensors.has(f"{name}.weight") else None

    def linear(self, name: str, rows: int, columns: int) -> Linear[W]:
        """Return a matrix, with its bias where the file has one."""
        weight, bias = f"{name}.weight", f"{name}.bias"
        vector = self.tensors.vector(bias, rows) if self.tensors.has(bias) else None
        return Linear(self.tensors.matrix(weight, rows, columns), self.place(weight), vector)

    def fused(self, name: str, counts: tuple[int, ...], columns: int) -> list[Linear[W]]:
        """Return the matrices, of so many rows each, that the file keeps fused into one, and their biases."""
        weight, bias, rows = f"{name}.weight", f"{name}.bias", sum(counts)
        biased = self.tensors.has(bias)

        def linear(start: int, count: int) -> Linear[W]:
            matrix = self.tensors.rows(weight, start, count, (rows, columns))
            vector = self.tensors.vector_slice(bias, start, count, rows) if biased else None
            return Linear(matrix, self.place(weight), vector)

        return [linear(sum(counts[:i]), count) for i, count in enumerate(counts)]

    def attention(self, b: str, *, rotary: int | None = 0, window: int = 0) -> Attention[W]:
        """Return the attention of the block called ``b``, with norms of queries and keys where the file has them."""
        config = self._config
        return Attention(
            q=self.linear(f"{b}.attn_q", config.q_dim, config.dim),
            k=self.linear(f"{b}.attn_k", config.kv_dim, config.dim),
            v=self.linear(f"{b}.attn_v", config.kv_dim, config.dim),
            output=self.linear(f"{b}.attn_output", config.dim, config.q_dim),
            q_norm=self.norm_if(f"{b}.attn_q_norm", config.head_dim),
            k_norm=self.norm_if(f"{b}.attn_k_norm", config.head_dim),
            rotary=rotary,
            window=window,
        )

    def gated_mlp(self, b: str, activation: Literal["silu", "gelu"] = "silu") -> GatedMLP[W]:
        """Return the MLP of the block called ``b``."""
        config = self._config
        return GatedMLP(
            self.linear(f"{b}.ffn_gate", config.hidden, config.dim),
            self.linear(f"{b}.ffn_up", config.hidden, config.dim),
            self.linear(f"{b}.ffn_down", config.dim, config.hidden),
            activation,
        )

    def embedding_table(self) -> W:
        """Return the table (vocab, dim)."""
        return self.tensors.matrix("token_embd.weight", self._config.text.vocab_size, self._config.dim)

    def head(self, table: W) -> Linear[W]:
        """Return the output layer: of its own, or the embedding's table where the two are tied."""
        config = self._config
        if self.tensors.has("output.weight") or not config.tied:
            return self.linear("output", config.text.vocab_size, config.dim)
        return Linear(table, "the output layer, at the tensor token_embd.weight")

    def factors(self, name: str) -> NDArray[np.float32] | None:
        """Return what frequencies are divided by: a tensor, or else what the configuration says; None for nothing."""
        return self.tensors.floats(name) if self.tensors.has(name) else self._config.factors

    def decoder(self, rotaries: tuple[Rotary, ...], block: Callable[[int, str], Block[W]]) -> Decoder[W]:
        """Return the whole model; ``block`` makes the block of this number, whose tensors' names begin so."""
        config = self._config
        blocks = tuple(block(i, f"blk.{i}") for i in range(config.layers))
        table = self.embedding_table()
        return Decoder(
            config,
            rotaries,
            Embedding(table, self.place("token_embd.weight")),
            blocks,
            self.norm("output_norm"),
            self.head(table),
        )
