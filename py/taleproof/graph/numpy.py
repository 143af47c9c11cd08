# SPDX-License-Identifier: Apache-2.0
"""The operations in NumPy, computed at once in float32: slow, plain, and the truth that the kernels are tested against.

Weights are float32 arrays, the cache of a layer is an array (kv_heads, context, head_dim).
"""

import math

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import NumericsError
from taleproof.graph.ops import AttentionKind
from taleproof.graph.relative import distance_buckets
from taleproof.graph.rope import Rotary
from taleproof.graph.step import IDS, Step, floats_of, ids_of


Array = NDArray[np.float32]


class NumpyOps:
    """One step."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._positions = step.position + np.arange(step.rows)  # (T,)
        self._encoded = step.encoded

    def input(self, name: str, columns: int) -> Array:
        """Take the step's numbers."""
        x = floats_of(self._step, name, columns)
        self.mark(f"the input {name}", x)
        return x

    def embedding(self, table: Array, ids: str = IDS) -> Array:
        """Look up the step's tokens."""
        return table[np.asarray(ids_of(self._step, ids), np.int64)]

    def position_embedding(self, table: Array) -> Array:
        """Look up the step's positions."""
        return table[self._positions]

    def table_row(self, table: Array, i: int) -> Array:
        """Keep one row."""
        return table[i : i + 1]

    def rms_norm(self, x: Array, weight: Array, epsilon: float) -> Array:
        """Divide by the root of the mean square, multiply with the weight; NaN where the mean square overflows."""
        groups = x.reshape(len(x), -1, len(weight))  # (T, columns / n, n)
        mean: Array = np.mean(groups * groups, axis=-1, keepdims=True, dtype=np.float32)
        y: Array = groups / _root(mean, epsilon) * weight
        return y.reshape(x.shape)

    def layer_norm(self, x: Array, weight: Array, bias: Array, epsilon: float) -> Array:
        """Take the mean off, divide by the spread; NaN where the squares overflow."""
        mean: Array = np.mean(x, axis=-1, keepdims=True, dtype=np.float32)
        centred: Array = x - mean
        variance: Array = np.mean(centred * centred, axis=-1, keepdims=True, dtype=np.float32)
        y: Array = centred / _root(variance, epsilon) * weight + bias
        return y

    def linear(self, x: Array, weight: Array) -> Array:
        """Multiply with the transposed matrix."""
        y: Array = x @ weight.T
        return y

    def rope_angles(self, rotary: Rotary) -> Array:
        """Compute cosines and sines in float64, then round."""
        angles = self._positions[:, None] * rotary.frequencies  # (T, rotated / 2)
        pair = np.stack([np.cos(angles), np.sin(angles)], axis=-1)  # (T, rotated / 2, 2)
        return (pair * rotary.magnitude).astype(np.float32)

    def rope(self, x: Array, angles: Array, rotary: Rotary) -> Array:
        """Rotate pairs of elements."""
        heads = x.reshape(len(x), -1, rotary.head_dim)  # (T, heads, head_dim)
        cos, sin = angles[:, None, :, 0], angles[:, None, :, 1]  # (T, 1, rotated / 2)
        pairs = rotary.rotated // 2
        first = slice(0, pairs) if rotary.neox_layout else slice(0, rotary.rotated, 2)
        second = slice(pairs, rotary.rotated) if rotary.neox_layout else slice(1, rotary.rotated, 2)
        rotated = heads.copy()
        rotated[..., first] = heads[..., first] * cos - heads[..., second] * sin
        rotated[..., second] = heads[..., first] * sin + heads[..., second] * cos
        return rotated.reshape(x.shape)

    def write_keys(self, cache: Array, x: Array) -> None:
        """Copy the step's rows in."""
        kv_heads, _, head_dim = cache.shape
        cache[:, self._positions] = x.reshape(len(x), kv_heads, head_dim).swapaxes(0, 1)

    def write_values(self, cache: Array, x: Array) -> None:
        """Copy the step's rows in."""
        self.write_keys(cache, x)

    def attention(
        self,
        q: Array,
        keys: Array,
        values: Array,
        scale: float,
        *,
        window: int = 0,
        softcap: float = 0.0,
        kind: AttentionKind = "causal",
        bias: Array | None = None,
        max_distance: int = 128,
    ) -> Array:
        """Attend to the positions that the kind allows."""
        kv_heads, _, head_dim = keys.shape
        tokens = len(q)
        seen = {"causal": int(self._positions[-1]) + 1, "bidirectional": tokens, "cross": self._encoded}[kind]
        grouped = q.reshape(tokens, kv_heads, -1, head_dim).transpose(1, 2, 0, 3)  # (kv_heads, group, T, head_dim)
        scores = grouped @ keys[:, None, :seen].swapaxes(-1, -2) * np.float32(scale)  # (kv_heads, group, T, seen)
        if softcap:
            scores = self.softcap(scores, softcap)
        distances = self._positions[:, None] - np.arange(seen)  # (T, seen), negative for keys after the query
        if bias is not None:
            scores += _relative_bias(bias, distances, max_distance, kind == "bidirectional").reshape(scores.shape)
        if kind == "causal":
            scores[..., (distances < 0) | (distances >= (window or seen))] = -np.inf
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed: Array = weights @ values[:, None, :seen]  # (kv_heads, group, T, head_dim)
        return mixed.transpose(2, 0, 1, 3).reshape(q.shape)

    def silu_gate(self, gate: Array, up: Array) -> Array:
        """Multiply ``up`` with the sigmoid linear unit of ``gate``."""
        with np.errstate(over="ignore"):
            y: Array = gate / (1 + np.exp(-gate)) * up
        return y

    def gelu_gate(self, gate: Array, up: Array) -> Array:
        """Multiply ``up`` with the Gaussian error linear unit of ``gate``."""
        y: Array = self.gelu(gate) * up
        return y

    def gelu(self, x: Array) -> Array:
        """Take the form with tanh."""
        inner: Array = np.float32(math.sqrt(2 / math.pi)) * (x + np.float32(0.044715) * x * x * x)
        y: Array = x * (1 + np.tanh(inner)) / 2
        return y

    def gelu_erf(self, x: Array) -> Array:
        """Take the form with the error function, in float64, then round."""
        erf = np.array([math.erf(value / math.sqrt(2)) for value in x.ravel().tolist()]).reshape(x.shape)
        y: Array = (x * (1 + erf) / 2).astype(np.float32)
        return y

    def relu(self, x: Array) -> Array:
        """Zero where x is negative; an infinity stays visible."""
        y: Array = np.where(x > 0, x, x - x)
        return y

    def softcap(self, x: Array, cap: float) -> Array:
        """Bend towards plus and minus ``cap``; an infinity stays visible."""
        y: Array = np.float32(cap) * np.tanh(x / np.float32(cap)) + (x - x)
        return y

    def scale(self, x: Array, factor: float) -> Array:
        """Multiply with a number."""
        y: Array = x * np.float32(factor)
        return y

    def add(self, a: Array, b: Array) -> Array:
        """Add elementwise."""
        return a + b

    def add_row(self, x: Array, row: Array) -> Array:
        """Add to each row."""
        return x + row

    def last_row(self, x: Array) -> Array:
        """Keep the last row."""
        return x[-1:]

    def first_row(self, x: Array) -> Array:
        """Keep the first row."""
        return x[:1]

    def mean_rows(self, x: Array) -> Array:
        """Take the mean over the tokens."""
        y: Array = x.mean(axis=0, keepdims=True, dtype=np.float32)
        return y

    def unit(self, x: Array) -> Array:
        """Divide by the root of the sum of squares; NaN where that overflows."""
        squares: Array = np.sum(x * x, axis=-1, keepdims=True)
        length: Array = np.maximum(_root(squares, 0.0), np.float32(1e-12))
        y: Array = x / length
        return y

    def mark(self, name: str, x: Array) -> None:
        """Stop at once where numbers are not finite."""
        if not np.isfinite(x).all():
            raise NumericsError(name)


def _root(squares: Array, epsilon: float) -> Array:
    """Return sqrt(squares + epsilon), NaN where it is not finite."""
    root: Array = np.sqrt(squares + np.float32(epsilon)).astype(np.float32)
    root[~np.isfinite(root)] = np.nan
    return root


def _relative_bias(table: Array, distances: NDArray[np.int64], max_distance: int, bidirectional: bool) -> Array:
    """Return the entries of ``table`` (buckets, heads) for distances (T, seen): (heads, T, seen)."""
    one_way = len(table) // 2 if bidirectional else len(table)
    nearness = np.abs(distances) if bidirectional else np.maximum(distances, 0)
    buckets = np.array(distance_buckets(one_way, max_distance))[np.minimum(nearness, max_distance)]
    if bidirectional:
        buckets = buckets + one_way * (distances < 0)
    entries: Array = table[buckets].transpose(2, 0, 1)
    return entries
