# SPDX-License-Identifier: Apache-2.0
"""Attention other than plain causal, as the words that the kernel reads (kernels/attention/attention.h).

In come the options of one attention, out go bytes. Refused: options that have no meaning together.
"""

import struct
from dataclasses import dataclass

from taleproof.graph.ops import AttentionKind
from taleproof.graph.program import pack_f32
from taleproof.graph.relative import distance_buckets


_KINDS: tuple[AttentionKind, ...] = ("causal", "bidirectional", "cross")
"""In the order of their numbers in kernels/attention/attention.h."""


@dataclass(frozen=True)
class AttentionSpec:
    """Which keys a token sees, and how scores are changed.

    Attributes
    ----------
    window : positions that a token sees; 0 for all.
    softcap : 0 for none.
    buckets : rows of the table of relative biases; 0 for no biases.
    max_distance : from here on, distances share the last bucket.
    """

    window: int
    softcap: float
    kind: AttentionKind
    buckets: int
    max_distance: int

    def __post_init__(self) -> None:
        if self.window < 0 or (self.window and self.kind != "causal") or (self.buckets and self.kind == "cross"):
            raise ValueError(f"{self.kind} attention has no window {self.window} with {self.buckets} buckets")

    @property
    def plain(self) -> bool:
        """Whether it is the causal kind and nothing else."""
        return self.kind == "causal" and not (self.window or self.softcap or self.buckets)

    def encode(self) -> bytes:
        """Return AttentionSpec of kernels/attention/attention.h: five words, then the bucket of each distance.

        Raises
        ------
        NumericsError : a cap that is no float32.
        ValueError : buckets that graph/relative.py does not have.
        """
        bidirectional = self.kind == "bidirectional"
        one_way = self.buckets // 2 if bidirectional else self.buckets
        buckets = distance_buckets(one_way, self.max_distance) if self.buckets else ()
        bidirectional_offset = one_way if bidirectional else 0
        words = (_KINDS.index(self.kind), self.max_distance, bidirectional_offset, *buckets)
        head = struct.pack("<I", self.window) + pack_f32(self.softcap, "the cap of an attention's scores")
        return head + struct.pack(f"<{len(words)}I", *words)
