# SPDX-License-Identifier: Apache-2.0
"""What a config.json says of rotary positions, in GGUF's words.

In come rope_parameters, or what it was before (rope_scaling and rope_theta); out go keys ``rope.*``. Refused: kinds of
scaling that are not run, or not in models of this type. All arithmetic is decimal, as in graph/rope.py, whose readers
these keys are for.

Source: transformers' modeling_rope_utils.py.
"""

from decimal import Context, Decimal
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from taleproof.formats.huggingface.config import Config
from taleproof.formats.huggingface.keys import HARMLESS, Defaults
from taleproof.formats.limits import CONTEXT_FACTOR, FACTOR, MAGNITUDE, MAX_POSITIONS, ROPE_BASE, ROTATIONS
from taleproof.formats.yarn import yarn_magnitude
from taleproof.models.shared.architecture import Keys


ROPE: Defaults = MappingProxyType(
    {
        "rope_type": None,
        "type": "default",  # its name before rope_type
        "rope_theta": None,
        "partial_rotary_factor": None,
        "factor": None,
        "original_max_position_embeddings": None,
        "attention_factor": None,
        "beta_fast": None,
        "beta_slow": None,
        "mscale": None,
        "mscale_all_dim": None,
        "truncate": True,
        "short_factor": None,
        "long_factor": None,
        "low_freq_factor": None,
        "high_freq_factor": None,
    }
)
"""What rope_parameters, or rope_scaling, may have. Each kind looks at its own keys only, here as in transformers."""

Factored = Literal["llama3", "longrope"]
"""Kinds of scaling that give each frequency a factor of its own: each belongs to one architecture."""

_EXACT = Context(prec=34)
_TWO_PI = Decimal("6.283185307179586476925286766559006")


def rope_keys(config: Config, head_dim: int, *, partial: bool = False, factored: Factored | None = None) -> Keys:
    """Return the keys, without the architecture's name before them.

    Parameters
    ----------
    partial : whether a part of each head only may be rotated.
    factored : the kind of scaling with factors that models of this type may have.
    """
    rope = config.part("rope_scaling" if config.value("rope_scaling") else "rope_parameters", ROPE)
    return rope_keys_of(config, rope, head_dim, partial=partial, factored=factored)


def rope_keys_of(
    config: Config, rope: Config, head_dim: int, *, partial: bool = False, factored: Factored | None = None
) -> Keys:
    """Return the keys likewise, from an object that has been found."""
    rope.check({}, HARMLESS)
    base = (rope if rope.given("rope_theta") else config).f32("rope_theta", *ROPE_BASE)
    partly = rope if rope.given("partial_rotary_factor") else config
    if not partial:
        check_whole_heads(partly)
    rotated = _rotated(partly, head_dim) if partial else head_dim
    keys: Keys = {"rope.freq_base": base, "rope.dimension_count": rotated}
    return keys | _scaling_keys(config, rope, factored, base, rotated)


def check_whole_heads(rope: Config) -> None:
    """Refuse a part of each head."""
    if rope.given("partial_rotary_factor") and rope.f32("partial_rotary_factor", 0.0, 1.0) != 1.0:
        raise rope.refused("partial_rotary_factor", "heads are rotated as a whole in models of this type")


def _rotated(partly: Config, head_dim: int) -> int:
    """Return how many elements of a head are rotated."""
    rotated = int(head_dim * partly.f32("partial_rotary_factor", 0.0, 1.0))
    if rotated < 2 or rotated % 2:
        why = f"of {head_dim} elements of a head it gives {rotated}; an even number is expected"
        raise partly.fail("partial_rotary_factor", why)
    return rotated


def _scaling_keys(config: Config, rope: Config, factored: Factored | None, base: float, rotated: int) -> Keys:
    name = "rope_type" if rope.given("rope_type") else "type"
    kind = rope.text(name)
    if factored == "longrope" and kind in ("su", "yarn"):  # older names
        kind = "longrope"
    if kind in ("llama3", "longrope") and kind != factored:
        raise rope.refused(name, "frequencies are not scaled so in models of this type")
    if kind == "default":
        return {}
    if kind == "linear":
        return {"rope.scaling.type": "linear", "rope.scaling.factor": rope.f32("factor", *CONTEXT_FACTOR)}
    if kind == "yarn":
        return _yarn_keys(config, rope)
    if kind == "llama3":
        return {"rope.factors": _llama3_factors(rope, base, rotated, _original(config, rope))}
    if kind == "longrope":
        return _longrope_keys(config, rope, rotated)
    raise rope.refused(name, "default, linear, yarn, llama3 and longrope are run")


def _original(config: Config, rope: Config) -> int:
    """Return the tokens of the texts that the model was first trained with."""
    if rope.given("original_max_position_embeddings"):
        return rope.count("original_max_position_embeddings", 1, MAX_POSITIONS)
    return config.count("max_position_embeddings", 1, MAX_POSITIONS)


def _context_factor(config: Config, rope: Config, original: int) -> Decimal:
    """Return how many times the original context the model's is."""
    if rope.given("factor"):
        return Decimal(rope.f32("factor", *CONTEXT_FACTOR))
    return Decimal(config.count("max_position_embeddings", 1, MAX_POSITIONS)) / original


def _yarn_keys(config: Config, rope: Config) -> Keys:
    original = _original(config, rope)
    factor = _context_factor(config, rope, original)
    keys: Keys = {
        "rope.scaling.type": "yarn",
        "rope.scaling.factor": float(factor),
        "rope.scaling.original_context_length": original,
        "rope.scaling.yarn_beta_fast": rope.f32("beta_fast", *ROTATIONS) if rope.value("beta_fast") else 32.0,
        "rope.scaling.yarn_beta_slow": rope.f32("beta_slow", *ROTATIONS) if rope.value("beta_slow") else 1.0,
    }
    usual = yarn_magnitude(factor)
    if rope.given("attention_factor"):
        magnitude = Decimal(rope.f32("attention_factor", *MAGNITUDE))
    elif rope.value("mscale") and rope.value("mscale_all_dim"):
        above, below = (Decimal(rope.f32(key, *MAGNITUDE)) for key in ("mscale", "mscale_all_dim"))
        magnitude = _EXACT.divide(yarn_magnitude(factor, above), yarn_magnitude(factor, below))
    else:
        magnitude = usual
    if magnitude != usual:  # GGUF keeps what the usual one is multiplied with
        keys["rope.scaling.attn_factor"] = float(_EXACT.divide(magnitude, usual))
    if not rope.flag("truncate"):
        keys["rope.scaling.truncate"] = False
    return keys


def _longrope_keys(config: Config, rope: Config, rotated: int) -> Keys:
    original = config.count("original_max_position_embeddings", 2, MAX_POSITIONS)
    context_factor = _context_factor(config, rope, original)
    if rope.given("attention_factor"):
        magnitude = rope.f32("attention_factor", *MAGNITUDE)
    elif context_factor > 1:
        magnitude = float(_EXACT.sqrt(1 + _EXACT.divide(_EXACT.ln(context_factor), _EXACT.ln(Decimal(original)))))
    else:
        magnitude = 1.0
    return {
        "rope.scaling.type": "longrope",
        "rope.scaling.original_context_length": original,
        "rope.scaling.attn_factor": magnitude,
        "rope.factors": rope.f32s("short_factor", rotated // 2, *FACTOR),
        "rope.factors_long": rope.f32s("long_factor", rotated // 2, *FACTOR),
    }


def _llama3_factors(rope: Config, base: float, rotated: int, original: int) -> NDArray[np.float32]:
    """Return what each frequency is divided by: 1 for the fast ones, the factor for the slow, a ramp between.

    Source: the Llama 3.1 release; with waves longer than the original context counted as slow.
    """
    factor = Decimal(rope.f32("factor", *CONTEXT_FACTOR))
    low, high = (Decimal(rope.f32(key, *ROTATIONS)) for key in ("low_freq_factor", "high_freq_factor"))
    if not low < high:
        raise rope.fail("high_freq_factor", "a number over low_freq_factor is expected")
    factors = []
    for i in range(rotated // 2):
        wave = _TWO_PI * _EXACT.power(Decimal(base), Decimal(2 * i) / rotated)
        ramp = min(Decimal(1), max(Decimal(0), (original / wave - low) / (high - low)))
        factors.append(float(1 / ((1 - ramp) / factor + ramp)))
    return np.array(factors, np.float32)
