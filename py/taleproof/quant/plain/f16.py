# SPDX-License-Identifier: Apache-2.0
"""F16: IEEE half precision, 2 bytes each."""

from taleproof.quant.block import BlockType, Bytes, Floats, half


def _decode(data: Bytes) -> Floats:
    return half(data, 0)


F16 = BlockType("F16", 1, 1, 2, _decode, ((0, 2, 1),), activations=32)
