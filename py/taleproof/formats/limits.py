# SPDX-License-Identifier: Apache-2.0
"""What a model's numbers may be, whatever format they come from: counts and ranges with far more room than real models
need, within which no product overflows, no float32 is infinite, and no loop is long.
"""

MAX_LAYERS = 1 << 10
"""Real models have at most 126."""

MAX_HEADS = 1 << 12

MAX_WIDTH = 1 << 20
"""Elements of a hidden state, inside an MLP, or of all heads together; real ones have at most 53,248."""

MAX_HEAD = 1 << 10
"""Elements of a head, as a file may say; what the kernels can run is less (models/decoder.py)."""

MAX_VOCABULARY = 1 << 22
"""Tokens."""

MAX_POSITIONS = 1 << 28
"""Tokens of a context, of a window, or of a distance."""

Range = tuple[float, float]
"""The least and the largest value."""

EPSILON: Range = (1e-30, 1.0)
"""What a norm adds to a mean square; real ones are 1e-12 to 1e-5."""

SOFTCAP: Range = (1e-3, 1e6)
"""The cap of scores or logits; real ones are 30 and 50."""

SCALE: Range = (1e-6, 1e3)
"""What q . k is multiplied with; real ones are 1/16 and the like."""

ROPE_BASE: Range = (1.01, 1e15)
"""The base of rotary frequencies; real ones are 10,000 to 46 billion."""

CONTEXT_FACTOR: Range = (1.0, 1e6)
"""How many times the original context an extended context is."""

MAGNITUDE: Range = (1e-3, 1e3)
"""What cosines and sines are multiplied with; real ones are 1 to 1.5."""

ROTATIONS: Range = (1e-3, 1e6)
"""Full rotations over the original context, between which YaRN mixes; real ones are 1 and 32."""

FACTOR: Range = (1e-6, 1e9)
"""What a single frequency is divided by; real ones are 1 to 70."""
