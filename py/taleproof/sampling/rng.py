# SPDX-License-Identifier: Apache-2.0
"""Rust's ``StdRng`` to the bit: a seed comes in, the numbers that rand 0.8.5 would draw from it go out.

The generator is ChaCha with 12 rounds (D. J. Bernstein, "ChaCha, a variant of Salsa20", 2008) with a 64-bit
block counter from 0 and stream number 0, as in rand_chacha 0.3.1. It is read through the buffer of rand_core
0.6.4 (``BlockRng``): 64 words, that is four blocks, at a time. The distributions are those of rand 0.8.5
(``Standard``, ``UniformInt::sample_single``, ``UniformFloat``, ``WeightedIndex``). Seeds that are not 32 bytes,
ranges that are empty or not finite, and weights that are negative, NaN or all zero are refused: ``ValueError``.
"""

from typing import overload

import numpy as np
from numpy.typing import NDArray


_WORDS = 64  # words in the buffer: four ChaCha blocks of 16
_DOUBLE_ROUNDS = 6
_CONSTANTS = np.frombuffer(b"expand 32-byte k", dtype="<u4")
_MASK32 = 0xFFFF_FFFF
_MASK64 = 0xFFFF_FFFF_FFFF_FFFF

# rand_core's expansion of a 64-bit seed: PCG32 (M. E. O'Neill, 2014) with this multiplier and increment.
_PCG_MULTIPLIER = 6364136223846793005
_PCG_INCREMENT = 11634580027462260723


def _rotate_left(x: NDArray[np.uint32], count: int) -> NDArray[np.uint32]:
    return (x << np.uint32(count)) | (x >> np.uint32(32 - count))


def _quarter_rounds(rows: list[NDArray[np.uint32]]) -> None:
    """Run the four quarter rounds of a round at once; `rows` are the state's four rows, each (4, blocks)."""
    a, b, c, d = rows
    a = a + b
    d = _rotate_left(d ^ a, 16)
    c = c + d
    b = _rotate_left(b ^ c, 12)
    a = a + b
    d = _rotate_left(d ^ a, 8)
    c = c + d
    b = _rotate_left(b ^ c, 7)
    rows[:] = [a, b, c, d]


def _chacha12(key: NDArray[np.uint32], counter: int, blocks: int) -> NDArray[np.uint32]:
    """Return the words of consecutive ChaCha12 blocks from number `counter` on, (16 * blocks,)."""
    numbers = np.arange(blocks, dtype=np.uint64) + np.uint64(counter)
    start = np.zeros((16, blocks), np.uint32)  # (word of the state, block)
    start[0:4] = _CONSTANTS[:, None]
    start[4:12] = key[:, None]
    start[12] = numbers & np.uint64(_MASK32)
    start[13] = numbers >> np.uint64(32)
    rows = [start[i : i + 4] for i in range(0, 16, 4)]
    for _ in range(_DOUBLE_ROUNDS):
        _quarter_rounds(rows)
        # Diagonals become columns when row i is turned by i places, and columns again when it is turned back.
        rows[1:] = [np.roll(rows[i], -i, axis=0) for i in (1, 2, 3)]
        _quarter_rounds(rows)
        rows[1:] = [np.roll(rows[i], i, axis=0) for i in (1, 2, 3)]
    words = np.concatenate(rows) + start
    return np.ascontiguousarray(words.T).reshape(-1)


def expand_seed(seed: int) -> bytes:
    """Return the 32-byte seed that ``seed_from_u64`` of rand_core 0.6 makes of a 64-bit number."""
    if not 0 <= seed <= _MASK64:
        raise ValueError(f"a seed must be from 0 to 2**64 - 1, not {seed}")
    state, out = seed, bytearray()
    for _ in range(8):
        state = (state * _PCG_MULTIPLIER + _PCG_INCREMENT) & _MASK64
        xorshifted = (((state >> 18) ^ state) >> 27) & _MASK32
        turn = state >> 59
        word = (xorshifted >> turn | xorshifted << (32 - turn)) & _MASK32
        out += word.to_bytes(4, "little")
    return bytes(out)


class StdRng:
    """rand 0.8.5's ``StdRng``. Make one with `from_seed` or `seed_from_u64`."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise ValueError(f"a seed must be 32 bytes, not {len(seed)}")
        self._key = np.frombuffer(bytes(seed), dtype="<u4").astype(np.uint32)
        self._block = 0  # the number of the next block to compute
        self._words: list[int] = []
        self._index = _WORDS  # where to read in the buffer next; _WORDS when it is used up

    @classmethod
    def from_seed(cls, seed: bytes) -> "StdRng":
        """Return the generator of a seed of 32 bytes."""
        return cls(seed)

    @classmethod
    def seed_from_u64(cls, seed: int) -> "StdRng":
        """Return the generator of a seed from 0 to 2**64 - 1."""
        return cls(expand_seed(seed))

    def _refill(self, index: int) -> None:
        self._words = _chacha12(self._key, self._block, 4).tolist()
        self._block = (self._block + 4) & _MASK64
        self._index = index

    def next_u32(self) -> int:
        """Return the next word, 0 to 2**32 - 1."""
        if self._index >= _WORDS:
            self._refill(0)
        self._index += 1
        return self._words[self._index - 1]

    def next_u64(self) -> int:
        """Return the next two words as one number, the first as the low half, also across two buffers."""
        low = self.next_u32()
        return self.next_u32() << 32 | low

    def fill_bytes(self, n: int) -> bytes:
        """Return the next `n` bytes. What is left of a word that is used in part is thrown away."""
        if n < 0:
            raise ValueError(f"the number of bytes must not be negative: {n}")
        out = bytearray()
        while len(out) < n:
            buffers = (n - len(out)) // (4 * _WORDS)
            if self._index >= _WORDS and buffers > 1:  # whole buffers of a large request, computed together
                out += _chacha12(self._key, self._block, 4 * buffers).astype("<u4", copy=False).tobytes()
                self._block = (self._block + 4 * buffers) & _MASK64
                continue
            if self._index >= _WORDS:
                self._refill(0)
            words = self._words[self._index : self._index + (n - len(out) + 3) // 4]
            self._index += len(words)
            out += np.array(words, dtype="<u4").tobytes()
        return bytes(out[:n])

    def gen_f32(self) -> float:
        """Return a float32 in [0, 1) with 24 random bits, as a Python float (which holds it exactly)."""
        return (self.next_u32() >> 8) * 2.0**-24

    def gen_f64(self) -> float:
        """Return a float64 in [0, 1) with 53 random bits."""
        return (self.next_u64() >> 11) * 2.0**-53

    @overload
    def gen_range(self, low: int, high: int) -> int: ...

    @overload
    def gen_range(self, low: float | np.float32, high: float | np.float32) -> float: ...

    def gen_range(self, low: int | float | np.float32, high: int | float | np.float32) -> int | float:
        """Return a number from `low` up to, not including, `high`, as Rust's ``gen_range(low..high)``.

        The types choose Rust's: two ints are a range of u32 where both fit, or else of i32, u64 or i64; two
        ``np.float32`` are a range of f32; all else is a range of f64.
        """
        if isinstance(low, int) and isinstance(high, int):
            return self._range_int(low, high)
        single = isinstance(low, np.float32) and isinstance(high, np.float32)
        return self._range_f32(float(low), float(high)) if single else self._range_f64(float(low), float(high))

    def _range_int(self, low: int, high: int) -> int:
        if low >= high:
            raise ValueError(f"an empty range: {low}..{high}")
        # The upper end, though not included, must itself be a value of Rust's type.
        if not _fits(low, high, 64):
            raise ValueError(f"a range that no 64-bit type holds: {low}..{high}")
        wide = not _fits(low, high, 32)
        bits, draw = (64, self.next_u64) if wide else (32, self.next_u32)
        size = high - low
        zone = (size << (bits - size.bit_length())) - 1
        while True:
            product = draw() * size
            if product & ((1 << bits) - 1) <= zone:
                return low + (product >> bits)

    def _range_f32(self, low: float, high: float) -> float:
        first, scale = np.float32(low), _f32_scale(low, high)
        while True:
            result = np.float32(self.uniform_f32()) * scale + first
            if result < np.float32(high):
                return float(result)

    def _range_f64(self, low: float, high: float) -> float:
        scale = high - low
        _check_range(low, high, scale)
        while True:
            unit = (self.next_u64() >> 12) * 2.0**-52
            result = unit * scale + low
            if result < high:
                return result

    def uniform_f32(self) -> float:
        """Return a float32 in [0, 1) with 23 random bits: the mantissa of a number in [1, 2), less 1."""
        return (self.next_u32() >> 9) * 2.0**-23


def _fits(low: int, high: int, bits: int) -> bool:
    """Say whether both ends are values of the unsigned or of the signed type of that many bits."""
    smallest = 0 if low >= 0 else -(1 << (bits - 1))
    return low >= smallest and high < smallest + (1 << bits)


def _f32_scale(low: float, high: float) -> np.float32:
    with np.errstate(over="ignore"):
        scale = np.float32(high) - np.float32(low)
    _check_range(low, high, float(scale))
    return scale


def _check_range(low: float, high: float, scale: float) -> None:
    if not low < high:
        raise ValueError(f"an empty range: {low}..{high}")
    if not np.isfinite(scale):
        raise ValueError(f"a range that is too wide: {low}..{high}")


class Uniform:
    """``Uniform::new(low, high)`` of rand 0.8.5 for f32: numbers from `low` up to, not including, `high`."""

    _LARGEST = np.float32(1.0 - 2.0**-23)  # the largest number that 23 random bits make

    def __init__(self, low: float, high: float) -> None:
        self._low = np.float32(low)
        self._scale = _f32_scale(low, high)
        if self._scale * self._LARGEST + self._low >= np.float32(high):
            self._scale = self._corrected(np.float32(high))

    def _corrected(self, high: np.float32) -> np.float32:
        """Return the largest scale that keeps the results below `high`: Rust steps down to it, this halves."""
        good, bad = 0, int(self._scale.view(np.uint32))  # floats that are not negative are ordered as their bits
        while bad - good > 1:
            middle = (good + bad) // 2
            reaches = np.uint32(middle).view(np.float32) * self._LARGEST + self._low >= high
            good, bad = (good, middle) if reaches else (middle, bad)
        return np.float32(np.uint32(good).view(np.float32))

    def sample(self, rng: StdRng) -> float:
        """Return the next number, a float32 as a Python float."""
        return float(np.float32(rng.uniform_f32()) * self._scale + self._low)


class WeightedIndex:
    """``WeightedIndex::new(weights)`` of rand 0.8.5 for f32: indices, each as likely as its weight says.

    Parameters
    ----------
    weights : float32, (n,), at least one, none negative, not all zero.
    """

    def __init__(self, weights: NDArray[np.float32]) -> None:
        weights = np.asarray(weights, np.float32)
        if weights.size == 0:
            raise ValueError("there are no weights")
        if not (weights >= 0).all():
            raise ValueError("a weight is negative or not a number")
        cumulative = np.add.accumulate(weights)  # one after the other in f32, as Rust's `+=`
        if cumulative[-1] == 0:
            raise ValueError("all weights are zero")
        self._cumulative = cumulative[:-1]  # (n - 1,)
        self._uniform = Uniform(0.0, float(cumulative[-1]))

    def sample(self, rng: StdRng) -> int:
        """Return the first index whose cumulative weight is above the number drawn."""
        chosen = np.float32(self._uniform.sample(rng))
        return int(np.searchsorted(self._cumulative, chosen, side="right"))
