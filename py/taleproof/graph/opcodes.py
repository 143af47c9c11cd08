# SPDX-License-Identifier: Apache-2.0
"""The instruction set's numbers. Made of kernels/ops.def by scripts/kernel_tables.py; `npm run kernels:pin` does it."""

from enum import IntEnum


class Op(IntEnum):
    """An operation of the kernels."""

    EMBEDDING = 1
    RMS_NORM = 2
    QUANTISE = 3
    MATMUL = 4
    ROPE_ANGLES = 5
    ROPE = 6
    WRITE_KEYS = 7
    WRITE_VALUES = 8
    ATTENTION = 9
    SILU_GATE = 10
    ADD = 11
    LAST_ROW = 12
    LAYER_NORM = 13
    UNIT = 14
    ADD_ROW = 15
    GELU_GATE = 16
    GELU = 17
    GELU_ERF = 18
    RELU = 19
    SOFTCAP = 20
    SCALE = 21
    POSITION_EMBEDDING = 22
    TABLE_ROWS = 23
    FIRST_ROW = 24
    MEAN_ROWS = 25
