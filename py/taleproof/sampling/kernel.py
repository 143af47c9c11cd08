# SPDX-License-Identifier: Apache-2.0
"""Sampling by the kernels (kernels/sample/sample.c), on logits in the arena: to the bit what chain.NumpySampler does.

In come logits and all ids before, out goes the token with its log-probability: one call of a kernel, whatever the
settings, and no copy of the vocabulary. NumericsError where a logit is not finite.
"""

import struct
from array import array
from collections.abc import Iterable, Sequence

from taleproof.device.base import Row
from taleproof.errors import NumericsError
from taleproof.memory.arena import ALIGNMENT, Arena, ArenaFloats
from taleproof.sampling.chain import Sampled, xtc_threshold
from taleproof.sampling.config import SamplerConfig, effective_temperature
from taleproof.sampling.dry import BreakerMarks, TokenBytes
from taleproof.sampling.logprobs import log_probability
from taleproof.sampling.rng import StdRng
from taleproof.trust.digest import ArenaHasher


_RESULT = struct.Struct("<dff")
"""Result in kernels/sample/sample.c: the powers' sum, the largest logit, the chosen one."""

_EXTRAS = struct.Struct("<fffIII")
"""Extras in kernels/sample/sample.c: XTC's threshold; DRY's multiplier, base and allowed length; how many ids of the
history and how many banned ones follow."""
_ITEM_BYTES = 8  # Item in kernels/sample/items.h: the kernel keeps one for each id of the history


class SamplerBuffers:
    """The kernels' buffers, which all samplers and logits digests of a model share.

    Nothing in them is needed after a call, except what ``hasher.state()`` returned.

    Attributes
    ----------
    offset : address of the buffers; the kernel's result is at its start.
    penalised : address of the ids (uint32) that are made less likely.
    """

    def __init__(self, arena: Arena, vocab_size: int) -> None:
        self.arena = arena
        self.vocab_size = vocab_size
        self.offset = arena.allocate(arena.call("choose_bytes", vocab_size))
        self.penalised = self.offset + ALIGNMENT
        self.hasher = ArenaHasher(arena, "sha256")
        self._copy: int | None = None
        self._extras = range(0)

    def offset_of(self, logits: Row) -> int:
        """Return where logits (vocab,) are in the arena; those that are not there are copied."""
        if isinstance(logits, ArenaFloats):
            return logits.offset
        if self._copy is None:
            self._copy = self.arena.allocate(4 * self.vocab_size)
        self.arena.write(self._copy, logits.tobytes())
        return self._copy

    def write_extras(self, data: bytes, more: int) -> int:
        """Write what few texts ask for, with room for so many bytes more; return its address."""
        if len(data) + more > len(self._extras):
            size = 2 * (len(data) + more)  # a text grows; what is given up is in all less than what is used
            offset = self.arena.allocate(size)
            self._extras = range(offset, offset + size)
        self.arena.write(self._extras.start, data)
        return self._extras.start


class ArenaSampler:
    """All the steps in their order, with one generator for the whole story."""

    def __init__(self, buffers: SamplerBuffers, config: SamplerConfig, token_bytes: TokenBytes) -> None:
        self.config = config
        self._buffers = buffers
        self._marks = BreakerMarks(config.dry_sequence_breakers, token_bytes)
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

    def sample(self, logits: Row, history: Sequence[int], banned: Iterable[int] = ()) -> Sampled:
        """Return the next token after the ids in ``history``, the prompt's included, for logits (vocab,).

        ``banned`` are ids that it can't be; a ban of all is none.
        """
        buffers, penalised = self._buffers, self._penalise(history)
        extras = self._write_extras(history, banned)
        uniform = self._rng.uniform_f32() if self._draws else 0.0
        offset = buffers.offset_of(logits)
        token = buffers.arena.call(
            "choose", offset, buffers.vocab_size, buffers.offset, penalised, *self._settings, uniform, extras
        )
        if token < 0:
            raise NumericsError("the logits")
        total, largest, logit = _RESULT.unpack(buffers.arena.read(buffers.offset, _RESULT.size))
        return Sampled(token, log_probability(logit, largest, total))

    def _write_extras(self, history: Sequence[int], banned: Iterable[int]) -> int:
        """Write down what DRY, XTC and a ban need; return the address, 0 where all of them are off."""
        config, buffers = self.config, self._buffers
        threshold = xtc_threshold(config, self._rng)
        known = array("I", sorted({token for token in banned if 0 <= token < buffers.vocab_size}))
        if len(known) == buffers.vocab_size:
            known = array("I")
        looked_at = array("I")
        if config.dry:
            marked = self._marks.mark(history)
            looked_at = marked if config.dry_last_n < 0 else marked[-config.dry_last_n :]
        if threshold is None and not known and not looked_at:
            return 0
        dry = (config.dry_multiplier, config.dry_base, config.dry_allowed_length)
        head = _EXTRAS.pack(-1.0 if threshold is None else threshold, *dry, len(looked_at), len(known))
        return buffers.write_extras(head + known.tobytes() + looked_at.tobytes(), _ITEM_BYTES * len(looked_at))

    def _penalise(self, history: Sequence[int]) -> int:
        """Write down which tokens are made less likely; return how many."""
        config, buffers = self.config, self._buffers
        if config.repeat_penalty == 1.0 or not config.repeat_last_n:
            return 0
        recent = {token for token in history[-config.repeat_last_n :] if 0 <= token < buffers.vocab_size}
        buffers.arena.write(buffers.penalised, array("I", recent).tobytes())
        return len(recent)
