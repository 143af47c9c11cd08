# SPDX-License-Identifier: Apache-2.0
"""Digests of a story's logits: a running SHA-256 over the logits that every sixteenth token was chosen from.

Logits come in as tokens are chosen, hexadecimal digests go out. Logits depend on every bit of everything before them,
through the KV cache, so two runs with equal digests computed the same; where digests differ, the first that does says
after which token the runs differ. Hashing the logits of every token would cost a tenth of the speed and say no more.
"""

import hashlib

from taleproof.device.base import Row
from taleproof.sampling.kernel import SamplerBuffers


EVERY = 16
"""Tokens from one digest to the next; part of the record's format."""


class LogitsDigests:
    """The digests of one story.

    Attributes
    ----------
    digests : SHA-256 over the float32 logits, little-endian, of tokens 0, 16, ... so far, as it was after each of them.
    """

    def __init__(self) -> None:
        self.digests: list[str] = []
        self._hash = hashlib.sha256()

    def add(self, index: int, logits: Row) -> None:
        """Take the logits (vocab,) that token number ``index`` of the story is chosen from."""
        if index == EVERY * len(self.digests):
            self.digests.append(self._digest_with(logits))

    def _digest_with(self, logits: Row) -> str:
        self._hash.update(logits.tobytes())
        return self._hash.hexdigest()


class ArenaLogitsDigests(LogitsDigests):
    """The same digests, computed by the kernels where the logits are."""

    def __init__(self, buffers: SamplerBuffers) -> None:
        super().__init__()
        self._buffers = buffers
        buffers.hasher.reset()
        self._state = buffers.hasher.state()

    def _digest_with(self, logits: Row) -> str:
        hasher, offset = self._buffers.hasher, self._buffers.offset_of(logits)
        hasher.resume(self._state)
        hasher.update(range(offset, offset + 4 * self._buffers.vocab_size))
        self._state = hasher.state()
        return hasher.hexdigest()
