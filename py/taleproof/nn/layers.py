# SPDX-License-Identifier: Apache-2.0
"""The layers that models share: weights, and what is done with them.

What a weight makes is marked with its place in the model, so that an error can say where numbers stopped being finite.
"""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from taleproof.graph.ops import A, C, Ops
from taleproof.graph.step import IDS


W = TypeVar("W")


@dataclass(frozen=True)
class Embedding(Generic[W]):
    """A table (vocab, dim), a row a token."""

    weight: W
    place: str

    def __call__(self, ops: Ops[A, W, C], ids: str = IDS) -> A:
        """Return the rows of the step's tokens, its input of that name: (T, dim)."""
        y = ops.embedding(self.weight, ids)
        ops.mark(self.place, y)
        return y


@dataclass(frozen=True)
class Linear(Generic[W]):
    """A matrix (out, in), and a bias (out,) or None."""

    weight: W
    place: str
    bias: W | None = None

    def __call__(self, ops: Ops[A, W, C], x: A) -> A:
        """Return x (T, in) times the transposed matrix, plus the bias: (T, out)."""
        y = ops.linear(x, self.weight)
        if self.bias is not None:
            y = ops.add_row(y, self.bias)
        ops.mark(self.place, y)
        return y


@dataclass(frozen=True)
class RMSNorm(Generic[W]):
    """Root mean square normalisation (Zhang and Sennrich 2019, arXiv 1910.07467)."""

    weight: W
    epsilon: float
    place: str

    def __call__(self, ops: Ops[A, W, C], x: A) -> A:
        """Return x normalised, row by row: (T, dim)."""
        y = ops.rms_norm(x, self.weight, self.epsilon)
        ops.mark(self.place, y)
        return y


@dataclass(frozen=True)
class LayerNorm(Generic[W]):
    """Normalisation to a mean of 0 and a variance of 1 (Ba, Kiros and Hinton 2016, arXiv 1607.06450)."""

    weight: W
    bias: W
    epsilon: float
    place: str

    def __call__(self, ops: Ops[A, W, C], x: A) -> A:
        """Return x normalised, row by row: (T, dim)."""
        y = ops.layer_norm(x, self.weight, self.bias, self.epsilon)
        ops.mark(self.place, y)
        return y


Norm = RMSNorm[W] | LayerNorm[W]


@dataclass(frozen=True)
class GatedMLP(Generic[W]):
    """down(activation(gate(x)) * up(x)) (Shazeer 2020, arXiv 2002.05202)."""

    gate: Linear[W]
    up: Linear[W]
    down: Linear[W]
    activation: Literal["silu", "gelu"] = "silu"

    def __call__(self, ops: Ops[A, W, C], x: A) -> A:
        """Return (T, dim)."""
        gated = ops.silu_gate if self.activation == "silu" else ops.gelu_gate
        return self.down(ops, gated(self.gate(ops, x), self.up(ops, x)))


@dataclass(frozen=True)
class MLP(Generic[W]):
    """down(activation(up(x))), by default with gelu (Hendrycks and Gimpel 2016, arXiv 1606.08415), its form by tanh."""

    up: Linear[W]
    down: Linear[W]
    activation: Literal["gelu", "relu"] = "gelu"

    def __call__(self, ops: Ops[A, W, C], x: A) -> A:
        """Return (T, dim)."""
        activation = ops.gelu if self.activation == "gelu" else ops.relu
        return self.down(ops, activation(self.up(ops, x)))
