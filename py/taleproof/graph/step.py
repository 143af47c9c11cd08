# SPDX-License-Identifier: Apache-2.0
"""What changes from step to step of a graph; for the kernels, Step in kernels/include/program.h, and its ids."""

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


Ids = Sequence[int]
"""Token ids, one a row."""

Floats = NDArray[np.float32]
"""Numbers (rows, columns)."""

Inputs = Mapping[str, Ids | Floats]
"""What a step is given, by the names that its graph reads."""

IDS = "ids"
"""The usual name of a text's token ids."""


class Step(NamedTuple):
    """One step.

    Attributes
    ----------
    rows : of each of its inputs.
    position : of the first row.
    inputs : by name; those that the graph does not read are not looked at.
    encoded : positions of the encoder's output that its attention may see; 0 where there is none.
    """

    rows: int
    position: int
    inputs: Inputs
    encoded: int = 0


def ids_of(step: Step, name: str) -> Ids:
    """Return an input of token ids.

    Raises
    ------
    ValueError : the step has no such input, or not one id a row.
    """
    ids = step.inputs.get(name)
    if ids is None or len(ids) != step.rows or isinstance(ids, np.ndarray):
        raise ValueError(f"the input {name} must be {step.rows} ids")
    return ids


def floats_of(step: Step, name: str, columns: int) -> Floats:
    """Return an input of numbers: (rows, columns).

    Raises
    ------
    ValueError : the step has no such input, or it is of another shape or type.
    """
    floats = step.inputs.get(name)
    shape = (step.rows, columns)
    if not isinstance(floats, np.ndarray) or floats.dtype != np.float32 or floats.shape != shape:
        raise ValueError(f"the input {name} must be float32 of the shape {shape}")
    return floats


_STEP = struct.Struct("<IIII")
"""Rows, position, address of the ids, positions of the encoder's output."""


def step_bytes(rows: int) -> int:
    """Return the bytes that steps of so many rows need."""
    return _STEP.size + 4 * rows


def pack_step(address: int, step: Step, ids: str | None) -> bytes:
    """Return a step's bytes, for this address in the arena; ``ids`` names the input of token ids, if there is one."""
    head = _STEP.pack(step.rows, step.position, address + _STEP.size, step.encoded)
    return head if ids is None else head + struct.pack(f"<{step.rows}I", *ids_of(step, ids))
