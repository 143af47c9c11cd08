# SPDX-License-Identifier: Apache-2.0
"""Which token comes next: logits and a random number come in, a token id goes out.

Every step is a pure function of arrays. The order, and so what each setting means:

1. `apply_repeat_penalty`: tokens of the last `repeat_last_n` become less likely.
2. DRY (dry.py): tokens that would go on with a repeated sequence become less likely.
3. Banned tokens leave: those that end a text, before it has its fewest tokens. A ban of all tokens is none.
4. Temperature None or under 1e-7: the largest logit, the last one of equals. Nothing is drawn, and the steps below
   are left out: they never take the largest logit away, except for XTC, which is off then.
5. `top_k`: the k largest logits stay.
6. `min_p`: tokens stay whose probability is at least min_p times that of the likeliest. Before the temperature,
   because it is about what the model means, not about how boldly to choose.
7. Temperature and softmax over what is left.
8. `top_p`: the smallest set of the likeliest tokens whose probabilities sum up to top_p stays.
9. XTC, `exclude_top_choices`: with xtc_probability, of those whose share of what is left is at least xtc_threshold
   only the least likely one stays. One number of the generator, drawn before that of step 10, only where XTC is on.
10. A weighted draw, one number of the generator.

With DRY, XTC, top_k, min_p and the penalty off this is ``LogitsProcessor`` of candle-transformers 0.4.1, its order
of operations and its ties included. XTC is the rule of p-e-w's pull request to text-generation-webui, and last as
there; like llama.cpp it makes no exception of line breaks and ends. exp is `numerics.exp32`, sums run from the first
to the last element (``np.add.accumulate``, never ``np.sum``, whose order depends on the machine), so that every
machine draws the same.
Logits that are not finite are refused with NumericsError, settings out of range with InvalidSettingError (config.py).
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taleproof.device.base import Row, as_floats
from taleproof.errors import InvalidSettingError, NumericsError
from taleproof.nn.numerics import exp32
from taleproof.sampling.config import LARGEST_TEMPERATURE, SamplerConfig, effective_temperature
from taleproof.sampling.dry import BreakerMarks, TokenBytes, apply_dry
from taleproof.sampling.logprobs import LogProbabilities
from taleproof.sampling.rng import StdRng, WeightedIndex
from taleproof.sampling.softmax import probabilities


Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


class Sampled(NamedTuple):
    """A sampled token, and the log-probability that the model itself gave it, before any filter."""

    token: int
    logprob: float


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


def exclude_top_choices(weights: Floats, threshold: float) -> Floats:
    """Return weights (n,), 0 for all but the least of those whose share of the sum reaches the threshold.

    Of equals the last one stays. A weight of zero is never drawn, and reaches no threshold.
    """
    least = np.float32(threshold) * np.add.accumulate(weights)[-1]
    top = np.flatnonzero(weights >= max(least, np.finfo(np.float32).smallest_subnormal))
    result = weights.copy()
    result[top] = 0.0
    if top.size:
        kept = top[np.flatnonzero(weights[top] == weights[top].min())[-1]]
        result[kept] = weights[kept]
    return result


def xtc_threshold(config: SamplerConfig, rng: StdRng) -> float | None:
    """Return the threshold where XTC is on and a number drawn for it is below its probability, or None."""
    return config.xtc_threshold if config.xtc and rng.uniform_f32() < config.xtc_probability else None


def allowed_ids(vocab_size: int, banned: Iterable[int]) -> Indices | None:
    """Return the ids that are not banned, ascending; None for all, also where none would be left."""
    allowed = np.setdiff1d(np.arange(vocab_size), np.array(sorted(banned), np.intp), assume_unique=True)
    return allowed if 0 < allowed.size < vocab_size else None


def _draw_scaled(
    logits: Floats, temperature: float, p: float | None, rng: StdRng, threshold: float | None = None
) -> int:
    """Do the steps from the temperature on; return an index of (n,)."""
    scaled = scale(logits, temperature)
    _check_finite(scaled)
    weights = probabilities(scaled)
    kept: Indices | None = None
    if p is not None and 0.0 < p < 1.0:
        # Weights of zero change neither the sums nor the search, so that drawing among the rest is the same.
        kept = top_p(weights, p)
        weights = weights[kept]
    if threshold is not None:
        weights = exclude_top_choices(weights, threshold)
    index = draw(weights, rng)
    return index if kept is None else int(kept[index])


def _check_finite(logits: Floats) -> None:
    if not np.isfinite(logits).all():
        raise NumericsError("the logits")


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


def _no_bytes(_token: int) -> bytes:
    return b""


class NumpySampler:
    """All the steps in their order, with one generator for the whole story.

    Parameters
    ----------
    token_bytes : of the vocabulary, where DRY's breakers are looked for; without it none is found.
    """

    def __init__(self, config: SamplerConfig, token_bytes: TokenBytes = _no_bytes) -> None:
        self.config = config
        self._rng = StdRng.seed_from_u64(config.seed)
        self._temperature = effective_temperature(config.temperature)
        self._marks = BreakerMarks(config.dry_sequence_breakers, token_bytes)

    def sample(self, logits: Row, history: Sequence[int], banned: Iterable[int] = ()) -> Sampled:
        """Return the next token as ``sample_token`` does, with its log-probability."""
        floats = as_floats(logits)
        token = self.sample_token(floats, history, banned)
        return Sampled(token, LogProbabilities(floats).of(token))

    def sample_token(self, logits: Floats, history: Sequence[int], banned: Iterable[int] = ()) -> int:
        """Return the next token.

        Parameters
        ----------
        logits : float32 (vocab,)
        history : the ids before it, the prompt's included.
        banned : ids that it can't be.

        Raises
        ------
        NumericsError : a logit is NaN or infinite.
        """
        config = self.config
        _check_finite(logits)
        logits = self._penalised(logits, history)
        left = allowed_ids(logits.size, banned)  # the ids of what is left; None is all
        if left is not None:
            logits = logits[left]
        if self._temperature is None:
            index = argmax(logits)
            return index if left is None else int(left[index])
        if config.top_k:
            likely = top_k(logits, config.top_k)
            left = likely if left is None else left[likely]
            logits = logits[likely]
        if config.min_p:
            likely = min_p(logits, config.min_p)
            left = likely if left is None else left[likely]
            logits = logits[likely]
        threshold = xtc_threshold(config, self._rng)
        index = _draw_scaled(logits, self._temperature, config.top_p, self._rng, threshold)
        return index if left is None else int(left[index])

    def _penalised(self, logits: Floats, history: Sequence[int]) -> Floats:
        config = self.config
        if config.repeat_penalty != 1.0 and config.repeat_last_n:
            recent = history[-config.repeat_last_n :]
            with np.errstate(over="ignore"):
                logits = apply_repeat_penalty(logits, config.repeat_penalty, recent)
            _check_finite(logits)
        if config.dry:
            looked_at = self._marks.mark(history)
            looked_at = looked_at if config.dry_last_n < 0 else looked_at[-config.dry_last_n :]
            dry = (config.dry_multiplier, config.dry_base, config.dry_allowed_length)
            logits = apply_dry(logits, looked_at, *dry)
        return logits
