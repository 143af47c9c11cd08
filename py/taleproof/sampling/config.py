# SPDX-License-Identifier: Apache-2.0
"""The settings by which tokens are chosen, each with its range; chain.py says what they do, and in which order.

Numbers come in. Refused: one out of its range, with InvalidSettingError.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from taleproof.errors import InvalidSettingError
from taleproof.sampling.dry import DEFAULT_BREAKERS, LONGEST_MATCH


COLDEST = 1e-7
"""A temperature below this is none."""

LARGEST_TEMPERATURE = 100.0
MAX_SEED = 2**64 - 1
MOST_BREAKERS = 64
LONGEST_BREAKER = 40
"""Characters."""


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
    dry_multiplier : 0 to 100; 0 is off. What a token loses that goes on with a repeated sequence of dry_allowed_length.
    dry_base : 1 to 100; by how much more for each further token of the sequence.
    dry_allowed_length : 1 to 50 tokens; shorter sequences may be repeated.
    dry_last_n : how many tokens back, the prompt's included, DRY looks; -1 is all of them, 0 is off.
    dry_sequence_breakers : texts that no sequence goes beyond, each of 1 to 40 characters.
    xtc_probability : 0 to 1, of leaving the likeliest tokens out; 0 is off.
    xtc_threshold : 0 to 1, how likely those are at least; above 0.5 is off, for there can be no two.
    """

    seed: int = 0
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float = 1.0
    repeat_last_n: int = 64
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    dry_last_n: int = -1
    dry_sequence_breakers: tuple[str, ...] = DEFAULT_BREAKERS
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1

    def __post_init__(self) -> None:
        _check_range("seed", self.seed, 0, MAX_SEED)
        _check_range("temperature", self.temperature, 0.0, LARGEST_TEMPERATURE)
        _check_range("top_p", self.top_p, 0.0, 1.0)
        _check_range("top_k", self.top_k, 0, 2**31 - 1)
        _check_range("min_p", self.min_p, 0.0, 1.0)
        _check_range("repeat_penalty", self.repeat_penalty, 0.01, 100.0)
        _check_range("repeat_last_n", self.repeat_last_n, 0, 2**31 - 1)
        _check_range("dry_multiplier", self.dry_multiplier, 0.0, 100.0)
        _check_range("dry_base", self.dry_base, 1.0, 100.0)
        _check_whole("dry_allowed_length", self.dry_allowed_length, 1, LONGEST_MATCH)
        _check_whole("dry_last_n", self.dry_last_n, -1, 2**31 - 1)
        _check_breakers(self.dry_sequence_breakers)
        _check_range("xtc_probability", self.xtc_probability, 0.0, 1.0)
        _check_range("xtc_threshold", self.xtc_threshold, 0.0, 1.0)

    @property
    def dry(self) -> bool:
        """Whether DRY is on."""
        return self.dry_multiplier > 0.0 and self.dry_last_n != 0

    @property
    def xtc(self) -> bool:
        """Whether XTC is on, and so a number is drawn for it."""
        off = effective_temperature(self.temperature) is None or self.xtc_threshold > 0.5
        return self.xtc_probability > 0.0 and not off


def effective_temperature(value: float | None) -> float | None:
    """Return a temperature, or None where the likeliest token is always the one."""
    return None if value is None or value < COLDEST else value


def _check_range(setting: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:  # NaN is refused too
        raise InvalidSettingError(setting, value, low, high)


def _check_whole(setting: str, value: int, low: int, high: int) -> None:
    _check_range(setting, value, low, high)
    if value != int(value):
        raise InvalidSettingError(setting, value, low, high)


def _check_breakers(breakers: Sequence[str]) -> None:
    setting = "dry_sequence_breakers"
    if len(breakers) > MOST_BREAKERS:
        raise InvalidSettingError(setting, f"{len(breakers)} texts", "0", f"{MOST_BREAKERS} texts")
    for text in breakers:
        if not 0 < len(text) <= LONGEST_BREAKER:
            raise InvalidSettingError(setting, text, 1, f"{LONGEST_BREAKER} characters")
