# SPDX-License-Identifier: Apache-2.0
"""What a block type is: how many elements share how many bytes, and what they decode to.

A tensor's rows are cut into blocks; a block of ``elements`` weights is stored in ``nbytes`` bytes: one or a
few scales and the weights as small integers. The decoders in this package are plain NumPy and are the truth
that the kernels are tested against.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

SUPER_BLOCK = 256
"""Elements in one block of the K-quants."""


@dataclass(frozen=True, slots=True)
class BlockType:
    """One way to store weights.

    Attributes
    ----------
    name : as GGUF writes it, such as "Q4_1".
    gguf_id : its number in a GGUF tensor table; None where GGUF has none.
    elements : weights in a block.
    nbytes : bytes in a block.
    decoder : (n, nbytes) uint8 -> (n, elements) float32, vectorised over blocks.
    multi_byte_fields : runs of numbers of several bytes, whose byte order matters: where a run begins in the block,
        the bytes of one number, how many numbers.
    activations : bits of the activations that the kernels multiply it with as it is: 8, 16 where weights of 8 bits have
        a sign, 32 for floats. 0 if no kernel does; its weights are then decoded when a model is loaded.
    """

    name: str
    gguf_id: int | None
    elements: int
    nbytes: int
    decoder: Callable[[Bytes], Floats]
    multi_byte_fields: tuple[tuple[int, int, int], ...] = ()
    activations: Literal[0, 8, 16, 32] = 0

    def decode(self, data: Bytes) -> Floats:
        """Return the weights of n blocks.

        Parameters
        ----------
        data : uint8 (n, nbytes)

        Returns
        -------
        float32 (n, elements)
        """
        if data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != self.nbytes:
            raise ValueError(f"{self.name} wants uint8 (n, {self.nbytes}), got {data.dtype} {data.shape}")
        with np.errstate(invalid="ignore", over="ignore"):  # a scale may be infinite or NaN; logits are checked instead
            return self.decoder(data)

    def swapped(self, data: Bytes) -> Bytes:
        """Return big-endian blocks as little-endian ones, and the other way round: uint8 (n, nbytes)."""
        out = data.copy()
        for start, width, count in self.multi_byte_fields:
            run = slice(start, start + width * count)
            out[:, run] = data[:, run].reshape(-1, count, width)[:, :, ::-1].reshape(-1, width * count)
        return out


def half(data: Bytes, start: int) -> Floats:
    """Return the 16-bit float at byte ``start`` of each block: (n, bytes) -> float32 (n, 1)."""
    return np.ascontiguousarray(data[:, start : start + 2]).view("<f2").astype(np.float32)


def nibbles(data: Bytes, group: int) -> Bytes:
    """Split bytes into their halves: of each ``group`` bytes, all low nibbles come before all high ones.

    (n, bytes) -> (n, 2 * bytes)
    """
    n, nbytes = data.shape
    pairs = data.reshape(n, nbytes // group, 1, group) >> np.array([0, 4], np.uint8).reshape(2, 1)
    return (pairs & np.uint8(15)).reshape(n, 2 * nbytes)


def fifth_bits(data: Bytes) -> Bytes:
    """Return the 32 bits that hold one more bit of each element, moved to bit 4: (n, 4) -> (n, 32)."""
    return np.unpackbits(data, axis=1, bitorder="little") << np.uint8(4)
