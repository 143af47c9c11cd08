# SPDX-License-Identifier: Apache-2.0
"""The trail that a story's logits leave: a running digest of those that every sixteenth token was chosen from.

Logits come in as tokens are chosen, hexadecimal digests go out. Logits depend on every bit of everything before them,
through the KV cache, so two runs whose trails agree computed the same; and where they part, the trail says after which
token. Hashing the logits of every token would cost a tenth of the speed and tell no more.
"""

import hashlib

from taleproof.device.base import Row
from taleproof.sampling.kernel import SamplingRoom


EVERY = 16
"""Tokens from one digest to the next; part of the record's format."""


class LogitsTrail:
    """One story's trail.

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


class ArenaLogitsTrail(LogitsTrail):
    """The same trail, hashed by the kernels where the logits are."""

    def __init__(self, room: SamplingRoom) -> None:
        super().__init__()
        self._room = room
        room.hasher.reset()
        self._state = room.hasher.state()

    def _digest_with(self, logits: Row) -> str:
        hasher, place = self._room.hasher, self._room.place(logits)
        hasher.resume(self._state)
        hasher.update(range(place, place + 4 * self._room.vocab_size))
        self._state = hasher.state()
        return hasher.hexdigest()
