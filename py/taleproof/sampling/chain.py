# SPDX-License-Identifier: Apache-2.0
"""Which token comes next: logits and a random number come in, a token id goes out.

Every step is a pure function of arrays. The order, and so what each setting means:

1. `apply_repeat_penalty`: tokens of the last `repeat_last_n` become less likely.
2. Temperature None or under 1e-7: the largest logit, the last one of equals. The steps below are left out, for
   they never take the largest logit away.
3. `top_k`: the k largest logits stay.
4. `min_p`: tokens stay whose probability is at least min_p times that of the likeliest. Before the temperature,
   because it is about what the model means, not about how boldly to choose.
5. Temperature and softmax over what is left.
6. `top_p`: the smallest set of the likeliest tokens whose probabilities sum up to top_p stays.
7. A weighted draw, one number of the generator.

With top_k, min_p and the penalty off this is ``LogitsProcessor`` of candle-transformers 0.4.1, its order of
operations and its ties included. exp is `numerics.exp32`, sums run from the first to the last element
(``np.add.accumulate``, never ``np.sum``, whose order depends on the machine), so that every machine draws the same.
Logits that are not finite are refused with NumericsError, settings out of range with InvalidSettingError.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taleproof.device.base import Row, as_floats
from taleproof.errors import InvalidSettingError, NumericsError
from taleproof.nn.numerics import exp32
from taleproof.sampling.logprobs import LogProbabilities
from taleproof.sampling.rng import StdRng, WeightedIndex
from taleproof.sampling.softmax import probabilities


Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

COLDEST = 1e-7
"""A temperature below this is none."""

LARGEST_TEMPERATURE = 100.0
MAX_SEED = 2**64 - 1


@dataclass(frozen=True)
class SamplerConfig:
    """How tokens are chosen. What is None is off; so are a top_k of 0, a min_p of 0, a top_p of 0 or 1.

    Attributes
    ----------
    seed : of the generator, 0 to 2**64 - 1.
    temperature : 0 to 100; None or under 1e-7 is always the likeliest token.
    top_p, top_k, min_p : filters, see the module.
    repeat_penalty : above 0; 1 is off.
    repeat_last_n : how many tokens back, the prompt's included, the penalty looks.
    """

    seed: int = 0
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float = 1.0
    repeat_last_n: int = 64

    def __post_init__(self) -> None:
        _check_range("seed", self.seed, 0, MAX_SEED)
        _check_range("temperature", self.temperature, 0.0, LARGEST_TEMPERATURE)
        _check_range("top_p", self.top_p, 0.0, 1.0)
        _check_range("top_k", self.top_k, 0, 2**31 - 1)
        _check_range("min_p", self.min_p, 0.0, 1.0)
        _check_range("repeat_penalty", self.repeat_penalty, 0.01, 100.0)
        _check_range("repeat_last_n", self.repeat_last_n, 0, 2**31 - 1)


class Sampled(NamedTuple):
    """A sampled token, and the log-probability that the model itself gave it, before any filter."""

    token: int
    logprob: float


def _check_range(setting: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:  # NaN is refused too
        raise InvalidSettingError(setting, value, low, high)


def apply_repeat_penalty(logits: Floats, penalty: float, context: Iterable[int]) -> Floats:
    """Return logits (vocab,) with those of the tokens in `context` made less likely, each once.

    A logit that is not negative is divided by the penalty, a negative one multiplied (Keskar et al., CTRL, 2019).
    """
    seen = np.array(sorted({token for token in context if 0 <= token < logits.size}), np.intp)
    result = logits.copy()
    values, factor = logits[seen], np.float32(penalty)
    result[seen] = np.where(values >= 0, values / factor, values * factor)
    return result


def argmax(logits: Floats) -> int:
    """Return the index of the largest of (n,), the last one of equals; +0 is larger than -0."""
    largest = logits == logits.max()
    if (largest & ~np.signbit(logits)).any():
        largest &= ~np.signbit(logits)
    return int(np.flatnonzero(largest)[-1])


def top_k(logits: Floats, k: int) -> Indices:
    """Return the indices of the k largest of (n,), ascending; of equals at the border the first ones."""
    if k >= logits.size:
        return np.arange(logits.size)
    border = np.partition(logits, logits.size - k)[logits.size - k]
    keep = logits > border
    ties = np.flatnonzero(logits == border)
    keep[ties[: k - int(np.count_nonzero(keep))]] = True
    return np.flatnonzero(keep)


def min_p(logits: Floats, p: float) -> Indices:
    """Return the indices of those of (n,) whose probability is at least p times the largest one, ascending."""
    return np.flatnonzero(exp32(logits - logits.max()) >= np.float32(p))


def scale(logits: Floats, temperature: float) -> Floats:
    """Return logits divided by the temperature: multiplied by its inverse as a float32, as candle does."""
    with np.errstate(over="ignore"):  # an infinity is refused by softmax
        scaled: Floats = logits * np.float32(1.0 / temperature)
    return scaled


def top_p(probabilities: Floats, p: float) -> Indices:
    """Return the indices of the likeliest of (n,) until their sum reaches p, ascending; of equals the first ones.

    Only the candidates above a threshold are sorted. They are the beginning of all in sorted order, so if
    their sum reaches p, then the result is the same; if not, the threshold is lowered, at last to nothing.
    """
    limit = np.float32(p)
    largest = probabilities.max()
    for threshold in (largest * np.float32(2.0**-6), largest * np.float32(2.0**-12), np.float32(0.0)):
        candidates = np.flatnonzero(probabilities >= threshold)
        order = candidates[np.argsort(-probabilities[candidates], kind="stable")]
        sums = np.add.accumulate(probabilities[order])
        if sums[-1] >= limit:
            break
    # The token that takes the sum to p or beyond is the last one that stays.
    return np.sort(order[: int(np.searchsorted(sums, limit, side="left")) + 1])


def draw(probabilities: Floats, rng: StdRng) -> int:
    """Return an index of (n,), drawn by weight with one number of the generator."""
    return WeightedIndex(probabilities).sample(rng)


def _draw_scaled(logits: Floats, temperature: float, p: float | None, rng: StdRng) -> int:
    """Do the steps from the temperature on; return an index of (n,)."""
    scaled = scale(logits, temperature)
    _check_finite(scaled)
    weights = probabilities(scaled)
    if p is None or p <= 0.0 or p >= 1.0:
        return draw(weights, rng)
    # Weights of zero change neither the sums nor the search, so that drawing among the rest is the same.
    kept = top_p(weights, p)
    return int(kept[draw(weights[kept], rng)])


def _check_finite(logits: Floats) -> None:
    if not np.isfinite(logits).all():
        raise NumericsError("the logits")


def effective_temperature(value: float | None) -> float | None:
    """Return a temperature, or None where the likeliest token is always the one."""
    return None if value is None or value < COLDEST else value


class LogitsProcessor:
    """``LogitsProcessor::new(seed, temperature, top_p)`` of candle-transformers 0.4.1.

    Parameters
    ----------
    seed : 0 to 2**64 - 1, of the StdRng that all draws come from.
    temperature : None or under 1e-7 is arg max, which draws nothing.
    top_p : None, up to 0, or from 1 on is off.
    """

    def __init__(self, seed: int, temperature: float | None, top_p: float | None) -> None:
        if temperature is not None and math.isnan(temperature):
            raise InvalidSettingError("temperature", temperature, 0.0, LARGEST_TEMPERATURE)
        self._rng = StdRng.seed_from_u64(seed)
        self._temperature = effective_temperature(temperature)
        self._top_p = top_p

    def sample(self, logits: Floats) -> int:
        """Return the next token for logits (vocab,).

        Raises
        ------
        NumericsError : a logit is NaN or infinite.
        """
        logits = np.asarray(logits, np.float32)
        _check_finite(logits)
        if self._temperature is None:
            return argmax(logits)
        return _draw_scaled(logits, self._temperature, self._top_p, self._rng)


class NumpySampler:
    """All the steps in their order, with one generator for the whole story."""

    def __init__(self, config: SamplerConfig) -> None:
        self.config = config
        self._rng = StdRng.seed_from_u64(config.seed)
        self._temperature = effective_temperature(config.temperature)

    def sample(self, logits: Row, history: Sequence[int]) -> Sampled:
        """Return the next token as ``sample_token`` does, with its log-probability."""
        floats = as_floats(logits)
        token = self.sample_token(floats, history)
        return Sampled(token, LogProbabilities(floats).of(token))

    def sample_token(self, logits: Floats, history: Sequence[int]) -> int:
        """Return the next token.

        Parameters
        ----------
        logits : float32 (vocab,)
        history : the ids before it, the prompt's included.

        Raises
        ------
        NumericsError : a logit is NaN or infinite.
        """
        config = self.config
        _check_finite(logits)
        if config.repeat_penalty != 1.0 and config.repeat_last_n:
            recent = history[-config.repeat_last_n :]
            with np.errstate(over="ignore"):
                logits = apply_repeat_penalty(logits, config.repeat_penalty, recent)
            _check_finite(logits)
        if self._temperature is None:
            return argmax(logits)
        left: Indices | None = None  # the ids of what is left; None is all
        if config.top_k:
            left = top_k(logits, config.top_k)
            logits = logits[left]
        if config.min_p:
            likely = min_p(logits, config.min_p)
            left = likely if left is None else left[likely]
            logits = logits[likely]
        index = _draw_scaled(logits, self._temperature, config.top_p, self._rng)
        return index if left is None else int(left[index])
