# SPDX-License-Identifier: Apache-2.0
"""A tensor's bytes to float32: in come a Blob and a TensorInfo, out goes an array of the tensor's shape."""

import numpy as np
from numpy.typing import NDArray

from taleproof.formats.model_file import TensorInfo
from taleproof.io.reader import Blob


CHUNK_WEIGHTS = 1 << 20
"""Weights decoded at a time, about, so that temporary arrays stay small beside the result."""


def tensor_f32(blob: Blob, info: TensorInfo) -> NDArray[np.float32]:
    """Decode a whole tensor.

    Parameters
    ----------
    blob : the file that the tensor table was parsed from.

    Returns
    -------
    float32, of info.shape
    """
    blocks = _blocks(blob, info)  # (n_blocks, nbytes)
    out = np.empty((len(blocks), info.type.elements), np.float32)
    step = max(1, CHUNK_WEIGHTS // info.type.elements)
    for start in range(0, len(blocks), step):
        out[start : start + step] = info.type.decode(blocks[start : start + step])
    return out.reshape(info.shape)


def _blocks(blob: Blob, info: TensorInfo) -> NDArray[np.uint8]:
    data = np.frombuffer(blob.read(info.offset, info.nbytes), np.uint8)
    if info.scales_offset is None:
        blocks = data.reshape(-1, info.type.nbytes)
        return info.type.swapped(blocks) if info.big_endian else blocks
    split = info.scales_offset - info.offset  # all weights, then all scales: bring each group together
    weights = data[:split].reshape(-1, info.type.elements)
    return np.concatenate([weights, data[split:].reshape(len(weights), -1)], axis=1)
