# SPDX-License-Identifier: Apache-2.0
"""From a file's tensor table to weights that a backend can use.

In come a ModelFile and where its bytes are; out go weights by name, each of the shape that the model expects. On the
numpy backend they are float32 arrays. In the arena they stay where the download put them: quantised matrices are
interleaved in place, and only types that have no kernel are decoded to F32 elsewhere. Refused: a tensor that is missing
or of another shape, weights that are not finite, and, at the end, tensors that nobody asked for.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import MissingTensorError, NumericsError, UnknownTensorError
from taleproof.formats import ModelFile, TensorInfo, tensor_f32
from taleproof.graph.trace import ArenaTensor
from taleproof.io.reader import Blob
from taleproof.memory.arena import Arena, ArenaBlob
from taleproof.quant import BLOCK_TYPES, KERNEL_TYPES, row_bytes


W = TypeVar("W", covariant=True)

INTERLEAVED_ROWS = 8
"""Rows that stand together in the interleaved layout (kernels/types/interleave.h)."""

SWAPPED_BLOCKS = 1 << 14
"""Blocks of a big-endian file whose bytes are swapped at a time."""


class Tensors(Protocol[W]):
    """A file's weights, by name."""

    def matrix(self, name: str, rows: int, columns: int) -> W:
        """Return a matrix (rows, columns)."""
        ...

    def rows(self, name: str, start: int, count: int, shape: tuple[int, int]) -> W:
        """Return ``count`` rows from ``start`` on of a matrix of this shape, which holds several matrices in one."""
        ...

    def vector_slice(self, name: str, start: int, count: int, size: int) -> W:
        """Return ``count`` elements from ``start`` on of a vector of ``size`` elements, as float32."""
        ...

    def vector(self, name: str, size: int, *, plus: float = 0.0) -> W:
        """Return a vector, as float32, with ``plus`` added to each element."""
        ...

    def has(self, name: str) -> bool:
        """Return whether the file has a tensor of this name."""
        ...

    def floats(self, name: str) -> NDArray[np.float32]:
        """Return a small tensor's values."""
        ...

    def check_all_used(self) -> None:
        """Raise UnknownTensorError if the file has tensors that were never asked for."""
        ...


class _Table:
    """The part that both backends share: names, shapes, and which tensors were asked for."""

    def __init__(self, file: ModelFile, blobs: Sequence[Blob]) -> None:
        self.file = file
        self.blobs = blobs
        self._used: set[str] = set()

    def has(self, name: str) -> bool:
        """Return whether the file has a tensor of this name."""
        return name in self.file.tensors

    def find(self, name: str, shape: tuple[int, ...]) -> TensorInfo:
        info = self.file.tensors.get(name)
        if info is None or info.shape != shape:
            raise MissingTensorError(self.file.name, name, shape, None if info is None else info.shape)
        self._used.add(name)
        return info

    def floats(self, name: str) -> NDArray[np.float32]:
        """Return a small tensor's values, flat."""
        self._used.add(name)
        return self.decoded(self.file.tensors[name]).reshape(-1)

    def check_all_used(self) -> None:
        """Raise UnknownTensorError if the file has tensors that were never asked for."""
        unused = sorted(set(self.file.tensors) - self._used)
        if unused:
            raise UnknownTensorError(self.file.name, self.file.architecture, unused)

    def decoded(self, info: TensorInfo) -> NDArray[np.float32]:
        """Return a tensor's values; NumericsError if one is not finite."""
        values = tensor_f32(self.blobs[info.part], info)
        if not np.isfinite(values).all():
            raise NumericsError(f"the tensor {info.name}")
        return values


class NumpyTensors(_Table):
    """Weights decoded to float32 arrays."""

    def matrix(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """Return float32 (rows, columns)."""
        return self.decoded(self.find(name, (rows, columns)))

    def rows(self, name: str, start: int, count: int, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Return float32 (count, columns)."""
        return self.decoded(_row_slice(self.find(name, shape), start, count))

    def vector_slice(self, name: str, start: int, count: int, size: int) -> NDArray[np.float32]:
        """Return float32 (count,)."""
        return self.decoded(self.find(name, (size,)))[start : start + count]

    def vector(self, name: str, size: int, *, plus: float = 0.0) -> NDArray[np.float32]:
        """Return float32 (size,)."""
        return self.decoded(self.find(name, (size,))) + np.float32(plus)


class ArenaTensors(_Table):
    """Weights in the arena, in files that lie there, each from its offset in ``bases`` on."""

    def __init__(self, arena: Arena, file: ModelFile, bases: Sequence[int]) -> None:
        parts = zip(bases, file.parts, strict=True)
        super().__init__(file, [ArenaBlob(arena, base, part.size, part.name) for base, part in parts])
        self._arena = arena
        self._bases = bases
        self._scratch = 0
        self._scratch_bytes = 0

    def matrix(self, name: str, rows: int, columns: int) -> ArenaTensor:
        """Return the matrix where it lies, interleaved if it is quantised."""
        return self._matrix(self.find(name, (rows, columns)))

    def rows(self, name: str, start: int, count: int, shape: tuple[int, int]) -> ArenaTensor:
        """Return the rows where they lie, interleaved if they are quantised."""
        return self._matrix(_row_slice(self.find(name, shape), start, count))

    def vector_slice(self, name: str, start: int, count: int, size: int) -> ArenaTensor:
        """Return float32 (count,), in memory of its own."""
        return self._decoded(self.decoded(self.find(name, (size,)))[start : start + count])

    def _matrix(self, info: TensorInfo) -> ArenaTensor:
        if info.type.name not in KERNEL_TYPES:
            return self._decoded(self.decoded(info))
        tensor = self._in_place(info)
        self._check_finite(tensor, info.name)
        if info.type.elements > 1:
            rows, columns = info.shape
            scratch = self._scratch_for(INTERLEAVED_ROWS * (info.nbytes // rows))
            self._arena.call("interleave", tensor.number, tensor.offset, scratch, rows, columns)
        return tensor

    def vector(self, name: str, size: int, *, plus: float = 0.0) -> ArenaTensor:
        """Return float32 (size,), in place if that is what the file has."""
        info = self.find(name, (size,))
        if info.type.name != "F32" or plus:
            return self._decoded(self.decoded(info) + np.float32(plus))
        tensor = self._in_place(info)
        if not self._arena.call("all_finite", tensor.offset, size):
            raise NumericsError(f"the tensor {name}")
        return tensor

    def _in_place(self, info: TensorInfo) -> ArenaTensor:
        assert info.type.gguf_id is not None
        if info.big_endian:
            self._swap(info)
        return ArenaTensor(info.type.name, info.type.gguf_id, info.shape, self._bases[info.part] + info.offset)

    def _swap(self, info: TensorInfo) -> None:
        """Swap the bytes of a big-endian tensor's numbers in place."""
        step = SWAPPED_BLOCKS * info.type.nbytes
        for start in range(info.offset, info.offset + info.nbytes, step):
            data = self.blobs[info.part].read(start, min(step, info.offset + info.nbytes - start))
            blocks = info.type.swapped(np.frombuffer(data, np.uint8).reshape(-1, info.type.nbytes))
            self._arena.write(self._bases[info.part] + start, blocks.tobytes())

    def _check_finite(self, tensor: ArenaTensor, name: str) -> None:
        rows, columns = tensor.shape
        if not self._arena.call("is_finite", tensor.number, tensor.offset, rows, columns):
            raise NumericsError(f"the tensor {name}")

    def _scratch_for(self, nbytes: int) -> int:
        if nbytes > self._scratch_bytes:
            self._scratch, self._scratch_bytes = self._arena.allocate(nbytes), nbytes
        return self._scratch

    def _decoded(self, values: NDArray[np.float32]) -> ArenaTensor:
        """Keep decoded values as F32 in fresh memory."""
        offset = self._arena.allocate(values.nbytes)
        self._arena.write(offset, values.tobytes())
        return ArenaTensor("F32", BLOCK_TYPES["F32"].gguf_id or 0, values.shape, offset)


def _row_slice(info: TensorInfo, start: int, count: int) -> TensorInfo:
    """Return what a table would say of ``count`` rows from ``start`` on."""
    nbytes = row_bytes(info.type, info.shape[1])
    return replace(info, shape=(count, info.shape[1]), offset=info.offset + start * nbytes, nbytes=count * nbytes)
