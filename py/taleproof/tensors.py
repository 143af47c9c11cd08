"""From a file's tensor table to weights that a backend can use.

In come a ModelFile and where its bytes are; out go weights by name, each of the shape that the model expects. On the
numpy backend they are float32 arrays. In the arena they stay where the download put them: quantised matrices are
interleaved in place, and only types that have no kernel are decoded to F32 elsewhere. Refused: a tensor that is missing
or of another shape, weights that are not finite, and, at the end, tensors that nobody asked for.
"""

from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .arena import Arena, ArenaBlob
from .errors import MissingTensorError, NumericsError, UnknownTensorError
from .formats import ModelFile, TensorInfo, tensor_f32
from .ops.wasm_ops import ArenaTensor
from .quant import BLOCK_TYPES
from .reader import Blob


W = TypeVar("W", covariant=True)

INTERLEAVED_ROWS = 8
"""Rows that stand together in the interleaved layout (kernels/interleave.h)."""

KERNEL_TYPES = frozenset(
    {"F32", "F16", "BF16"}
    | {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"}
    | {"IQ4_NL", "IQ4_XS", "MXFP4", "TQ1_0", "TQ2_0"}
)
"""Types that the kernels multiply with as they are."""


class TensorSource(Protocol[W]):
    """Weights by name."""

    def matrix(self, name: str, rows: int, columns: int) -> W:
        """Return a matrix (rows, columns)."""
        ...

    def vector(self, name: str, size: int) -> W:
        """Return a vector, as float32."""
        ...

    def floats(self, name: str) -> NDArray[np.float32]:
        """Return a small tensor's values."""
        ...

    def check_all_used(self) -> None:
        """Raise UnknownTensorError if the file has tensors that were never asked for."""
        ...


class _Table:
    """The part that both sources share: names, shapes, and which tensors were asked for."""

    def __init__(self, file: ModelFile, blob: Blob) -> None:
        self.file = file
        self.blob = blob
        self._used: set[str] = set()

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
        values = tensor_f32(self.blob, info)
        if not np.isfinite(values).all():
            raise NumericsError(f"the tensor {info.name}")
        return values


class NumpyTensors(_Table):
    """Weights decoded to float32 arrays."""

    def matrix(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """Return float32 (rows, columns)."""
        return self.decoded(self.find(name, (rows, columns)))

    def vector(self, name: str, size: int) -> NDArray[np.float32]:
        """Return float32 (size,)."""
        return self.decoded(self.find(name, (size,)))


class ArenaTensors(_Table):
    """Weights in the arena, in a file that lies there from offset ``base`` on."""

    def __init__(self, arena: Arena, file: ModelFile, base: int) -> None:
        super().__init__(file, ArenaBlob(arena, base, file.size, file.name))
        self._arena = arena
        self._base = base
        self._scratch = 0
        self._scratch_bytes = 0

    def matrix(self, name: str, rows: int, columns: int) -> ArenaTensor:
        """Return the matrix where it lies, interleaved if it is quantised."""
        info = self.find(name, (rows, columns))
        if info.type.name not in KERNEL_TYPES:
            return self._decoded(info)
        tensor = self._in_place(info)
        self._check_finite(tensor, name)
        if info.type.elements > 1:
            scratch = self._scratch_for(INTERLEAVED_ROWS * (info.nbytes // rows))
            self._arena.call("interleave", tensor.number, tensor.offset, scratch, rows, columns)
        return tensor

    def vector(self, name: str, size: int) -> ArenaTensor:
        """Return float32 (size,), in place if that is what the file has."""
        info = self.find(name, (size,))
        if info.type.name != "F32":
            return self._decoded(info)
        tensor = self._in_place(info)
        if not self._arena.call("all_finite", tensor.offset, size):
            raise NumericsError(f"the tensor {name}")
        return tensor

    def _in_place(self, info: TensorInfo) -> ArenaTensor:
        assert info.type.gguf_id is not None
        return ArenaTensor(info.type.name, info.type.gguf_id, info.shape, self._base + info.offset)

    def _check_finite(self, tensor: ArenaTensor, name: str) -> None:
        rows, columns = tensor.shape
        if not self._arena.call("is_finite", tensor.number, tensor.offset, rows, columns):
            raise NumericsError(f"the tensor {name}")

    def _scratch_for(self, nbytes: int) -> int:
        if nbytes > self._scratch_bytes:
            self._scratch, self._scratch_bytes = self._arena.allocate(nbytes), nbytes
        return self._scratch

    def _decoded(self, info: TensorInfo) -> ArenaTensor:
        """Decode to F32 in fresh memory."""
        offset = self._arena.allocate(4 * info.elements)
        self._arena.write(offset, self.decoded(info).tobytes())
        return ArenaTensor("F32", BLOCK_TYPES["F32"].gguf_id or 0, info.shape, offset)
