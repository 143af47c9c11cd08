# SPDX-License-Identifier: Apache-2.0
"""What changes from step to step of a graph; for the kernels, Step in kernels/run/program.h and the ids after it."""

import struct
from collections.abc import Sequence
from typing import NamedTuple


class Step(NamedTuple):
    """One step.

    Attributes
    ----------
    ids : of its tokens.
    position : of the first of them.
    encoded : positions of the encoder's output that its attention may see; 0 where there is none.
    """

    ids: Sequence[int]
    position: int = 0
    encoded: int = 0


_STEP = struct.Struct("<IIII")
"""Tokens, position, address of the ids, positions of the encoder's output."""


def step_bytes(tokens: int) -> int:
    """Return the room that steps of so many tokens need."""
    return _STEP.size + 4 * tokens


def pack_step(address: int, step: Step) -> bytes:
    """Return a step's bytes, for this address in the arena."""
    ids, position, encoded = step
    return _STEP.pack(len(ids), position, address + _STEP.size, encoded) + struct.pack(f"<{len(ids)}I", *ids)
