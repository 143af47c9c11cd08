# SPDX-License-Identifier: Apache-2.0
"""The operations that a model is made of. A forward pass is written once against them.

In numpy.py they compute at once, slow and plain: the truth. In trace.py they are traced into a program that the kernels
run: the same names, the same shapes. ``T`` is the number of rows in a step, such as
its tokens.
"""

from typing import Literal, Protocol, TypeVar

from taleproof.graph.rope import Rotary
from taleproof.graph.step import IDS


A = TypeVar("A")
"""An activation: a matrix of floats with a row a token."""

W = TypeVar("W", contravariant=True)
"""A weight: a matrix (rows, columns), or a vector."""

C = TypeVar("C", contravariant=True)
"""The keys or the values of one layer, for the whole context."""


AttentionKind = Literal["causal", "bidirectional", "cross"]
"""Which keys a token attends to.

causal: those up to its own position. bidirectional: all of this step, whose first position is 0 (encoders). cross: all
positions of the encoder's output, whose keys and values an earlier step wrote (cross-attention of a decoder).
"""


class Ops(Protocol[A, W, C]):
    """What a backend can do."""

    def input(self, name: str, columns: int) -> A:
        """Return the step's input of numbers of that name: (T, columns)."""
        ...

    def embedding(self, table: W, ids: str = IDS) -> A:
        """Return the rows of ``table`` (vocab, dim) for the step's input of token ids of that name: (T, dim)."""
        ...

    def position_embedding(self, table: W) -> A:
        """Return the rows of ``table`` (context, dim) for the step's positions: (T, dim)."""
        ...

    def table_row(self, table: W, i: int) -> A:
        """Return row ``i`` of ``table`` (rows, dim): (1, dim)."""
        ...

    def rms_norm(self, x: A, weight: W, epsilon: float) -> A:
        """Return x / sqrt(mean(x^2) + epsilon) * weight: the shape of x.

        A weight of n elements normalises each group of n columns separately: heads, where n is head_dim.
        """
        ...

    def layer_norm(self, x: A, weight: W, bias: W, epsilon: float) -> A:
        """Return (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias, row by row: the shape of x."""
        ...

    def linear(self, x: A, weight: W) -> A:
        """Return x (T, in) times the transpose of weight (out, in): (T, out)."""
        ...

    def rope_angles(self, rotary: Rotary) -> A:
        """Return cosines and sines for the step's positions: (T, rotated / 2, 2)."""
        ...

    def rope(self, x: A, angles: A, rotary: Rotary) -> A:
        """Rotate each head of x (T, heads * head_dim) by its position's angles."""
        ...

    def write_keys(self, cache: C, x: A) -> None:
        """Keep x (T, kv_heads * head_dim) as the keys of the step's positions."""
        ...

    def write_values(self, cache: C, x: A) -> None:
        """Keep x (T, kv_heads * head_dim) as the values of the step's positions."""
        ...

    def attention(
        self,
        q: A,
        keys: C,
        values: C,
        scale: float,
        *,
        window: int = 0,
        softcap: float = 0.0,
        kind: AttentionKind = "causal",
        bias: W | None = None,
        max_distance: int = 128,
    ) -> A:
        """Return attention of q (T, heads * head_dim) over the positions that ``kind`` allows: the same shape.

        A score is q . k * scale, then softcap * tanh(score / softcap) if there is one, then plus the bias.

        Parameters
        ----------
        window : how many positions a token sees, its own and those before it; 0 for all. With ``causal`` only.
        softcap : 0 for none.
        bias : (buckets, heads), added by the relative position's bucket (relative.py); if ``bidirectional``, the second
            half of the buckets is for keys after the query. With ``causal`` and ``bidirectional`` only.
        max_distance : from here on, distances share the last bucket.
        """
        ...

    def silu_gate(self, gate: A, up: A) -> A:
        """Return silu(gate) * up: (T, hidden)."""
        ...

    def gelu_gate(self, gate: A, up: A) -> A:
        """Return gelu(gate) * up: (T, hidden)."""
        ...

    def gelu(self, x: A) -> A:
        """Return x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2."""
        ...

    def gelu_erf(self, x: A) -> A:
        """Return x * (1 + erf(x / sqrt(2))) / 2."""
        ...

    def relu(self, x: A) -> A:
        """Return x where it is positive, otherwise 0."""
        ...

    def softcap(self, x: A, cap: float) -> A:
        """Return cap * tanh(x / cap)."""
        ...

    def scale(self, x: A, factor: float) -> A:
        """Return x * factor, which is rounded to float32 first."""
        ...

    def add(self, a: A, b: A) -> A:
        """Return a + b."""
        ...

    def add_row(self, x: A, row: W | A) -> A:
        """Return x with ``row``, a vector of as many columns or a value of one row, added to each of its rows."""
        ...

    def last_row(self, x: A) -> A:
        """Return the row of the step's last token: (1, columns)."""
        ...

    def first_row(self, x: A) -> A:
        """Return the row of the step's first token: (1, columns)."""
        ...

    def mean_rows(self, x: A) -> A:
        """Return the mean of the step's rows: (1, columns)."""
        ...

    def unit(self, x: A) -> A:
        """Return each row divided by its length, or by 1e-12 if that is less."""
        ...

    def mark(self, name: str, x: A) -> None:
        """Name a place in the pass, so that an error can say where numbers stopped being finite."""
        ...
