# SPDX-License-Identifier: Apache-2.0
"""Rotary position embeddings as numbers: frequencies, and the scalings that GGUF's keys describe.

In comes a ModelFile's metadata, out goes a Rope, and of it a Rotary. All arithmetic is decimal with a fixed precision,
because a platform's ``pow`` and ``log`` differ in the last bit and the frequencies reach every logit.

Sources: RoFormer (arXiv 2104.09864); position interpolation (arXiv 2306.15595); YaRN (arXiv 2309.00071).
"""

from dataclasses import dataclass, replace
from decimal import Context, Decimal

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import FormatError, UnknownSettingError
from taleproof.formats import ModelFile
from taleproof.formats.limits import CONTEXT_FACTOR, FACTOR, MAGNITUDE, MAX_POSITIONS, ROPE_BASE, ROTATIONS
from taleproof.formats.yarn import yarn_magnitude


TRUNCATE = "{architecture}.rope.scaling.truncate"
"""transformers' truncate of YaRN, for which GGUF has no key."""

_EXACT = Context(prec=34)
_PI = Decimal("3.141592653589793238462643383279503")


@dataclass(frozen=True, eq=False)
class Rotary:
    """How heads are rotated.

    Attributes
    ----------
    head_dim : elements of a head.
    rotated : how many of them, from the first on, are rotated, in pairs.
    neox_layout : whether element i is paired with i + rotated / 2, as in GPT-NeoX; otherwise neighbours are paired
        (the interleaved layout), as in LLaMA.
    frequencies : float64 (rotated / 2), radians a position.
    magnitude : what cosines and sines are multiplied with (YaRN; otherwise 1).
    """

    head_dim: int
    rotated: int
    neox_layout: bool
    frequencies: NDArray[np.float64]
    magnitude: float


@dataclass(frozen=True)
class RopeScaling:
    """The scaling that a model's keys ask for, to run it on longer texts than it was first trained with.

    Attributes
    ----------
    factor : how many times as long the texts are.
    original_context : tokens of the texts that it was first trained with.
    attention_factor : what the magnitude that the kind itself has is multiplied with.
    beta_fast, beta_slow : full rotations over the original context. YaRN keeps a frequency that makes at least
        beta_fast, interpolates one that makes at most beta_slow, and mixes both between.
    whole : whether the dimensions of these are rounded outwards to whole numbers.
    """

    kind: str
    factor: float
    original_context: int
    attention_factor: float
    beta_fast: float
    beta_slow: float
    whole: bool = True


@dataclass(frozen=True, eq=False)
class Rope:
    """What a model's keys say of its rotary positions.

    Attributes
    ----------
    file : the model's name, for messages.
    base : of the frequencies.
    """

    file: str
    head_dim: int
    rotated: int
    neox_layout: bool
    base: float
    scaling: RopeScaling

    def rotary(self, factors: NDArray[np.float32] | None = None) -> Rotary:
        """Return the frequencies.

        Parameters
        ----------
        factors : (rotated / 2), what each is divided by (the tensor rope_freqs.weight of Llama 3), or None.

        Raises
        ------
        FormatError : factors that are none.
        """
        pairs = self.rotated // 2
        plain = [_EXACT.power(Decimal(self.base), Decimal(-2 * i) / Decimal(self.rotated)) for i in range(pairs)]
        if factors is not None:
            least, most = FACTOR
            if len(factors) != pairs or not np.all((factors >= least) & (factors <= most)):
                why = f"{pairs} numbers from {least:g} to {most:g} are expected"
                raise FormatError(self.file, "rope_freqs.weight", factors, None, why)
            plain = [_EXACT.divide(f, Decimal(float(factor))) for f, factor in zip(plain, factors, strict=True)]
        frequencies, magnitude = _scale(plain, self.scaling, self.base, self.rotated)
        radians = np.array([float(f) for f in frequencies])
        return Rotary(self.head_dim, self.rotated, self.neox_layout, radians, magnitude)

    def unscaled(self, base: float) -> "Rope":
        """Return the rotation of layers that look at few tokens: with another base, and never scaled."""
        return replace(self, base=base, scaling=RopeScaling("none", 1.0, 1, 1.0, 32.0, 1.0))


def read_rope(file: ModelFile, architecture: str, head_dim: int, *, neox_layout: bool) -> Rope:
    """Read the keys ``ARCHITECTURE.rope.*``.

    Raises
    ------
    FormatError : a value out of range, or a kind of scaling that is not known here.
    """
    key = f"{architecture}.rope"
    rotated = file.count(f"{key}.dimension_count", 1, head_dim, head_dim)
    if rotated % 2:
        raise file.fail(f"{key}.dimension_count", rotated, f"an even number from 2 to {head_dim} is expected")
    base = file.f32(f"{key}.freq_base", *ROPE_BASE, 10000.0)
    return Rope(file.name, head_dim, rotated, neox_layout, base, _read_scaling(file, key))


def _read_scaling(file: ModelFile, key: str) -> RopeScaling:
    kind = file.text(f"{key}.scaling.type", "linear")
    if kind not in ("none", "linear", "yarn", "longrope"):
        raise UnknownSettingError(file.name, f"{key}.scaling.type", kind, "none, linear, yarn and longrope are run")
    least, most = CONTEXT_FACTOR
    # Before there was a type, files had scale_linear; 0 says nothing.
    old = file.f32(f"{key}.scale_linear", 0.0, most, 1.0)
    factor = file.f32(f"{key}.scaling.factor", 0.0, most, old)
    if kind in ("none", "longrope") or factor == 0.0:  # longrope's scaling is in its factors
        factor = 1.0
    if factor < least:
        raise file.fail(f"{key}.scaling.factor", factor, "a number of 1 or more is expected")
    context = file.count(f"{key.removesuffix('.rope')}.context_length", 1, MAX_POSITIONS, 1)
    scaling = RopeScaling(
        kind=kind,
        factor=factor,
        original_context=file.count(f"{key}.scaling.original_context_length", 1, MAX_POSITIONS, context),
        attention_factor=file.f32(f"{key}.scaling.attn_factor", *MAGNITUDE, 1.0),
        beta_fast=file.f32(f"{key}.scaling.yarn_beta_fast", *ROTATIONS, 32.0),
        beta_slow=file.f32(f"{key}.scaling.yarn_beta_slow", *ROTATIONS, 1.0),
        whole=file.flag(TRUNCATE.format(architecture=key.removesuffix(".rope")), True),
    )
    if scaling.beta_fast < scaling.beta_slow:
        why = f"a number of at least yarn_beta_slow, {scaling.beta_slow:g}, is expected"
        raise file.fail(f"{key}.scaling.yarn_beta_fast", scaling.beta_fast, why)
    return scaling


def _scale(frequencies: list[Decimal], scaling: RopeScaling, base: float, rotated: int) -> tuple[list[Decimal], float]:
    """Return the scaled frequencies and the magnitude."""
    factor = Decimal(scaling.factor)
    if scaling.kind != "yarn" or scaling.factor == 1.0:
        return [_EXACT.divide(f, factor) for f in frequencies], scaling.attention_factor
    low = _rotations_to_dimension(scaling.beta_fast, base, rotated, scaling.original_context)
    high = _rotations_to_dimension(scaling.beta_slow, base, rotated, scaling.original_context)
    if scaling.whole:
        low, high = Decimal(low.__floor__()), Decimal(high.__ceil__())
    low, high = max(low, Decimal(0)), min(high, Decimal(rotated - 1))
    scaled = []
    for i, frequency in enumerate(frequencies):
        # 1 for the fast dimensions, which stay as they were, 0 for the slow ones, which are interpolated.
        ramp = (Decimal(i) - low) / max(high - low, Decimal("0.001"))
        kept = 1 - min(Decimal(1), max(Decimal(0), ramp))
        scaled.append(_EXACT.multiply(frequency, kept + (1 - kept) / factor))
    magnitude = Decimal(scaling.attention_factor) * yarn_magnitude(factor)
    return scaled, float(magnitude)


def _rotations_to_dimension(rotations: float, base: float, rotated: int, context: int) -> Decimal:
    """Return the dimension that makes ``rotations`` full rotations over the original context (YaRN, equation 17)."""
    ratio = Decimal(max(context, 1)) / (Decimal(rotations) * 2 * _PI)
    return rotated * _EXACT.ln(ratio) / (2 * _EXACT.ln(Decimal(base)))
