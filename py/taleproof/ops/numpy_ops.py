"""The operations in NumPy, computed at once in float32: slow, plain, and the truth that the kernels are tested against.

Weights are float32 arrays, the cache of a layer is an array (kv_heads, context, head_dim).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import NumericsError
from ..rotary import Rotary


Array = NDArray[np.float32]


class NumpyOps:
    """One step: the tokens ``ids``, the first of them at ``position``."""

    def __init__(self, ids: Sequence[int], position: int) -> None:
        self._ids = np.asarray(ids, np.int64)  # (T,)
        self._positions = position + np.arange(len(ids))  # (T,)

    def embedding(self, table: Array) -> Array:
        """Look up the step's tokens."""
        return table[self._ids]

    def rms_norm(self, x: Array, weight: Array, epsilon: float) -> Array:
        """Divide by the root of the mean square, multiply with the weight; NaN where the mean square overflows."""
        mean = np.mean(x * x, axis=-1, keepdims=True, dtype=np.float32)
        scale: Array = np.sqrt(mean + np.float32(epsilon)).astype(np.float32)
        scale[~np.isfinite(scale)] = np.nan
        y: Array = x / scale * weight
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
        """Turn pairs of elements."""
        heads = x.reshape(len(x), -1, rotary.head_dim)  # (T, heads, head_dim)
        cos, sin = angles[:, None, :, 0], angles[:, None, :, 1]  # (T, 1, rotated / 2)
        pairs = rotary.rotated // 2
        first = slice(0, pairs) if rotary.halves else slice(0, rotary.rotated, 2)
        second = slice(pairs, rotary.rotated) if rotary.halves else slice(1, rotary.rotated, 2)
        turned = heads.copy()
        turned[..., first] = heads[..., first] * cos - heads[..., second] * sin
        turned[..., second] = heads[..., first] * sin + heads[..., second] * cos
        return turned.reshape(x.shape)

    def write_keys(self, cache: Array, x: Array) -> None:
        """Copy the step's rows in."""
        kv_heads, _, head_dim = cache.shape
        cache[:, self._positions] = x.reshape(len(x), kv_heads, head_dim).swapaxes(0, 1)

    def write_values(self, cache: Array, x: Array) -> None:
        """Copy the step's rows in."""
        self.write_keys(cache, x)

    def attention(self, q: Array, keys: Array, values: Array, scale: float) -> Array:
        """Attend to every position up to a token's own."""
        kv_heads, _, head_dim = keys.shape
        seen = int(self._positions[-1]) + 1
        tokens = len(q)
        grouped = q.reshape(tokens, kv_heads, -1, head_dim).transpose(1, 2, 0, 3)  # (kv_heads, group, T, head_dim)
        scores = grouped @ keys[:, None, :seen].swapaxes(-1, -2) * np.float32(scale)  # (kv_heads, group, T, seen)
        scores[..., np.arange(seen) > self._positions[:, None]] = -np.inf
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed: Array = weights @ values[:, None, :seen]  # (kv_heads, group, T, head_dim)
        return mixed.transpose(2, 0, 1, 3).reshape(q.shape)

    def silu_gate(self, gate: Array, up: Array) -> Array:
        """Multiply ``up`` with the sigmoid linear unit of ``gate``."""
        with np.errstate(over="ignore"):
            y: Array = gate / (1 + np.exp(-gate)) * up
        return y

    def add(self, a: Array, b: Array) -> Array:
        """Add elementwise."""
        return a + b

    def last_row(self, x: Array) -> Array:
        """Keep the last row."""
        return x[-1:]

    def mark(self, name: str, x: Array) -> None:
        """Stop at once where numbers are not finite."""
        if not np.isfinite(x).all():
            raise NumericsError(name)
