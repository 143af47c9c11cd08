# SPDX-License-Identifier: Apache-2.0
"""A way to run single operations on the kernels: trace them, run the program, read what it made."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from taleproof.graph.numpy import NumpyOps
from taleproof.graph.program import Value, encode, plan
from taleproof.graph.step import Step
from taleproof.graph.trace import ArenaCache, ArenaTensor, WasmOps
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.quant import BLOCK_TYPES


Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

QUANTISED = (
    *("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"),
    *("IQ4_NL", "IQ4_XS", "MXFP4", "TQ1_0", "TQ2_0"),
)
HALF_FIELDS = {
    "Q4_0": (0,),
    "Q4_1": (0, 2),
    "Q5_0": (0,),
    "Q5_1": (0, 2),
    "Q8_0": (0,),
    "Q4_K": (0, 2),
    "Q5_K": (0, 2),
    "Q6_K": (208,),
    "Q2_K": (80, 82),
    "Q3_K": (108,),
    "IQ4_NL": (0,),
    "IQ4_XS": (0,),
    "MXFP4": (),
    "TQ1_0": (52,),
    "TQ2_0": (64,),
}
"""Where a block has its binary16 numbers."""


class Harness:
    """An arena with what the tests put in it."""

    def __init__(self, build: str, threads: int = 1) -> None:
        self.arena = WasmtimeArena(build, threads=threads)

    def put(self, data: bytes) -> int:
        """Write bytes to fresh memory and return their offset."""
        offset = self.arena.allocate(len(data))
        self.arena.write(offset, data)
        return offset

    def floats(self, array: Floats) -> ArenaTensor:
        """Put a float32 tensor in the arena."""
        data = np.ascontiguousarray(array, np.float32)
        return ArenaTensor("F32", 0, data.shape, self.put(data.tobytes()))

    def tensor(self, type_name: str, data: Bytes, shape: tuple[int, int], *, interleave: bool = True) -> ArenaTensor:
        """Put a matrix in the arena, from the bytes of its blocks."""
        number = BLOCK_TYPES[type_name].gguf_id
        assert number is not None
        tensor = ArenaTensor(type_name, number, shape, self.put(data.tobytes()))
        if interleave and type_name in QUANTISED:
            scratch = self.arena.allocate(8 * data.size // shape[0])
            self.arena.call("interleave", number, tensor.offset, scratch, *shape)
        return tensor

    def cache(self, kv_heads: int, context: int, head_dim: int) -> ArenaCache:
        """Return a fresh cache, filled with what memory may hold: anything."""
        empty = ArenaCache(0, kv_heads, context, head_dim)
        return replace(empty, offset=self.put(b"\xa5" * empty.nbytes))

    def run(
        self,
        trace: Callable[[WasmOps, list[Value]], Value],
        inputs: Sequence[Floats] = (),
        ids: Sequence[int] = (0,),
        position: int = 0,
        encoded: int = 0,
    ) -> Floats:
        """Trace operations over ``inputs``, each (len(ids), columns), run them and return the result."""
        values = [Value(0, array.shape[1], 4 * array.shape[1]) for array in inputs]
        ops = WasmOps(self.arena)
        result = ops.program.result = trace(ops, values)
        offsets, size = plan(ops.program, len(ids))
        scratch = self.arena.allocate(size)
        # Inputs have no instruction that makes them: they get memory of their own.
        fixed = {
            value: self.put(array.astype(np.float32).tobytes()) for value, array in zip(values, inputs, strict=True)
        }
        offsets = {value: fixed.get(value, scratch + at) for value, at in offsets.items()}
        program = self.put(encode(ops.program, offsets, 0, len(ids)))
        step = self.put(struct.pack(f"<IIII{len(ids)}I", len(ids), position, 0, encoded, *ids))
        self.arena.write(step + 8, struct.pack("<I", step + 16))
        self.arena.run(program, len(ops.program.instructions), step, self.arena.threads)
        rows = result.rows or len(ids)
        data = self.arena.read(offsets[result], rows * result.row_bytes)
        return np.frombuffer(data, np.float32).reshape(rows, result.columns)

    def quantise(self, x: Floats, *, int16: bool = False) -> tuple[int, int]:
        """Quantise x (rows, columns) and return the offsets of q and of the blocks."""
        made: list[Value] = []

        def trace(ops: WasmOps, values: list[Value]) -> Value:
            made.extend(ops.quantise(values[0], int16=int16))
            return made[0]

        rows, columns = x.shape
        values = [Value(0, columns, 4 * columns)]
        ops = WasmOps(self.arena)
        ops.program.result = trace(ops, values)
        size = columns * (2 if int16 else 1)
        offsets = {
            values[0]: self.put(x.astype(np.float32).tobytes()),
            made[0]: self.arena.allocate(rows * size),
            made[1]: self.arena.allocate(rows * columns // 32 * 16),
        }
        program = self.put(encode(ops.program, offsets, 0, rows))
        self.arena.run(program, 1, self.put(struct.pack("<IIII", rows, 0, 0, 0)), 1)
        return offsets[made[0]], offsets[made[1]]


def numpy_ops(rows: int = 1, position: int = 0, encoded: int = 0) -> NumpyOps:
    """Return the slow operations, for a step without inputs."""
    return NumpyOps(Step(rows, position, {}, encoded))


def random_blocks(type_name: str, rows: int, columns: int, rng: np.random.Generator, scale: float = 0.02) -> Bytes:
    """Return the bytes of random blocks (n_blocks, nbytes) whose scales are about ``scale``."""
    block_type = BLOCK_TYPES[type_name]
    count = rows * columns // block_type.elements
    blocks = rng.integers(0, 256, (count, block_type.nbytes), np.uint8)
    for at in HALF_FIELDS[type_name]:
        blocks[:, at : at + 2] = (rng.standard_normal(count) * scale).astype("<f2").reshape(-1, 1).view(np.uint8)
    if type_name == "MXFP4":  # an exponent: 127 and more is 1 and more
        blocks[:, 0] = np.rint(np.log2(scale)) + rng.integers(125, 129, count)
    return blocks


def decode(type_name: str, blocks: Bytes, shape: tuple[int, int]) -> Floats:
    """Return the weights (rows, columns) as the NumPy decoder reads them."""
    return BLOCK_TYPES[type_name].decode(blocks).reshape(shape)
