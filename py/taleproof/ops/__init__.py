"""The operations that a model is made of. A forward pass is written once against them.

Under numpy_ops they compute at once, slow and plain: the truth. Under wasm_ops they are traced into a program that the
kernels run: the same names, the same shapes. ``T`` is the number of tokens in a step.
"""

from typing import Protocol, TypeVar

from ..rotary import Rotary


A = TypeVar("A")
"""An activation: a matrix of floats with a row a token."""

W = TypeVar("W", contravariant=True)
"""A weight: a matrix (rows, columns), or a vector."""

C = TypeVar("C", contravariant=True)
"""The keys or the values of one layer, for the whole context."""


class Ops(Protocol[A, W, C]):
    """What a backend can do."""

    def embedding(self, table: W) -> A:
        """Return the rows of ``table`` (vocab, dim) for the step's tokens: (T, dim)."""
        ...

    def rms_norm(self, x: A, weight: W, epsilon: float) -> A:
        """Return x / sqrt(mean(x^2) + epsilon) * weight: (T, dim)."""
        ...

    def linear(self, x: A, weight: W) -> A:
        """Return x (T, in) times the transpose of weight (out, in): (T, out)."""
        ...

    def rope_angles(self, rotary: Rotary) -> A:
        """Return cosines and sines for the step's positions: (T, rotated / 2, 2)."""
        ...

    def rope(self, x: A, angles: A, rotary: Rotary) -> A:
        """Turn each head of x (T, heads * head_dim) by its position's angles."""
        ...

    def write_keys(self, cache: C, x: A) -> None:
        """Keep x (T, kv_heads * head_dim) as the keys of the step's positions."""
        ...

    def write_values(self, cache: C, x: A) -> None:
        """Keep x (T, kv_heads * head_dim) as the values of the step's positions."""
        ...

    def attention(self, q: A, keys: C, values: C, scale: float) -> A:
        """Return causal attention of q (T, heads * head_dim) over all positions up to its own: the same shape."""
        ...

    def silu_gate(self, gate: A, up: A) -> A:
        """Return silu(gate) * up: (T, hidden)."""
        ...

    def add(self, a: A, b: A) -> A:
        """Return a + b."""
        ...

    def last_row(self, x: A) -> A:
        """Return the row of the step's last token: (1, columns)."""
        ...

    def mark(self, name: str, x: A) -> None:
        """Name a place in the pass, so that an error can say where numbers stopped being finite."""
        ...
