# SPDX-License-Identifier: Apache-2.0
"""Sampling by the kernels (kernels/sample/sample.c): the twin of `sampling.Sampler`, to the bit, on logits in memory.

In come logits and all ids before, out goes the token with its log-probability: one call of a kernel, whatever the
settings, and no copy of the vocabulary. NumericsError where a logit is not finite.
"""

import struct
from array import array
from collections.abc import Sequence

from taleproof.device.base import Row
from taleproof.errors import NumericsError
from taleproof.memory.arena import ALIGNMENT, Arena, ArenaFloats
from taleproof.sampling.chain import Choice, SamplerConfig, effective_temperature
from taleproof.sampling.logprobs import log_probability
from taleproof.sampling.rng import StdRng
from taleproof.trust.digest import ArenaHasher


_TOLD = struct.Struct("<dff")
"""Told in kernels/sample/sample.c: the powers' sum, the largest logit, the chosen one; a cache line of its own."""


class SamplingRoom:
    """The kernels' buffers, which all samplers and trails of a model share: each choice and each digest begins anew."""

    def __init__(self, arena: Arena, vocab_size: int) -> None:
        self.arena = arena
        self.vocab_size = vocab_size
        self.offset = arena.allocate(arena.call("choose_bytes", vocab_size))
        self.penalised = self.offset + ALIGNMENT
        self.hasher = ArenaHasher(arena, "sha256")
        self._copy: int | None = None

    def place(self, logits: Row) -> int:
        """Return where logits (vocab,) are in the arena; those that are not there are copied."""
        if isinstance(logits, ArenaFloats):
            return logits.offset
        if self._copy is None:
            self._copy = self.arena.allocate(4 * self.vocab_size)
        self.arena.write(self._copy, logits.tobytes())
        return self._copy


class ArenaSampler:
    """All the steps in their order, with one generator for the whole story."""

    def __init__(self, room: SamplingRoom, config: SamplerConfig) -> None:
        self.config = config
        self._room = room
        self._rng = StdRng.seed_from_u64(config.seed)
        temperature = effective_temperature(config.temperature)
        self._draws = temperature is not None
        # A top_p that is off is below zero: one above it may be zero as a float32.
        top_p = config.top_p if config.top_p and config.top_p < 1.0 else -1.0
        self._settings = (
            float(config.repeat_penalty),
            1.0 / temperature if temperature else 0.0,
            config.top_k or 0,
            float(config.min_p or 0.0),
            top_p,
        )

    def choose(self, logits: Row, history: Sequence[int]) -> Choice:
        """Return the next token after the ids in ``history``, the prompt's included, for logits (vocab,)."""
        room, penalised = self._room, self._penalise(history)
        unit = self._rng.unit_f32() if self._draws else 0.0
        place = room.place(logits)
        token = room.arena.call("choose", place, room.vocab_size, room.offset, penalised, *self._settings, unit)
        if token < 0:
            raise NumericsError("the logits")
        total, largest, logit = _TOLD.unpack(room.arena.read(room.offset, _TOLD.size))
        return Choice(token, log_probability(logit, largest, total))

    def _penalise(self, history: Sequence[int]) -> int:
        """Write down which tokens are made less likely; return how many."""
        config, room = self.config, self._room
        if config.repeat_penalty == 1.0 or not config.repeat_last_n:
            return 0
        recent = {token for token in history[-config.repeat_last_n :] if 0 <= token < room.vocab_size}
        room.arena.write(room.penalised, array("I", recent).tobytes())
        return len(recent)
