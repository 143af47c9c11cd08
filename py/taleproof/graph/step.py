"""What changes from step to step of a traced program: Step in kernels/include/program.h, and the token ids after it."""

import struct
from collections.abc import Sequence


_STEP = struct.Struct("<IIII")
"""Tokens, position, address of the ids, positions of the memory."""


def step_bytes(tokens: int) -> int:
    """Return the room that steps of so many tokens need."""
    return _STEP.size + 4 * tokens


def pack_step(address: int, ids: Sequence[int], position: int, memory: int = 0) -> bytes:
    """Return a step's bytes, for this address in the arena."""
    return _STEP.pack(len(ids), position, address + _STEP.size, memory) + struct.pack(f"<{len(ids)}I", *ids)
