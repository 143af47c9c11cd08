# SPDX-License-Identifier: Apache-2.0
"""Encoders of block types: the bits of the gguf package, and what it does not say."""

import numpy as np
import pytest
from gguf.constants import GGMLQuantizationType
from gguf.quants import quantize
from numpy.typing import NDArray

from taleproof.quant import BLOCK_TYPES
from taleproof.quant.encode import ENCODED, encode


def floats(seed: int) -> NDArray[np.float32]:
    """Return rows of many sizes of weights: all zero, constant, tiny, large, of one sign, with ties."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((64, 64)).astype(np.float32)
    rows *= np.float32(10) ** rng.integers(-6, 4, (64, 1)).astype(np.float32)
    rows[0], rows[1], rows[2] = 0, 0.25, -3
    rows[3], rows[4] = np.abs(rows[3]), -np.abs(rows[4])
    rows[5] = np.arange(64) - 31.5  # ties
    rows[6, ::2], rows[7, :32] = 1, 0
    rows[8] = np.float32(1e-9)
    return rows


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("seed", range(5))
def test_the_bits_are_those_of_the_gguf_package(name: str, seed: int) -> None:
    values = floats(seed)
    expected = np.ascontiguousarray(quantize(values, GGMLQuantizationType[name])).view(np.uint8).reshape(-1)
    assert np.array_equal(encode(BLOCK_TYPES[name], values).reshape(-1), expected)


@pytest.mark.parametrize(
    ("name", "steps"), [("Q4_0", 8), ("Q4_1", 15), ("Q5_0", 16), ("Q5_1", 31), ("Q8_0", 127), ("F16", 2048)]
)
def test_what_is_encoded_decodes_to_within_a_step(name: str, steps: int) -> None:
    values = np.random.default_rng(3).uniform(-1, 1, (100, 32)).astype(np.float32)
    kind = BLOCK_TYPES[name]
    decoded = kind.decode(encode(kind, values)).reshape(values.shape)
    # The range is 2. Q4_0 and Q5_0 have one step more on the largest weight's side, and lose one on the other.
    assert np.abs(decoded - values).max() <= 1.01 * 2 / steps


@pytest.mark.parametrize("name", [name for name in ENCODED if name not in ("F32", "BF16")])
def test_weights_too_large_for_16_bits_are_refused(name: str) -> None:
    values = np.full((1, 32), 1e9, np.float32)
    values[0, 0] = -1e9
    with pytest.raises(OverflowError, match=name):
        encode(BLOCK_TYPES[name], values)
