# SPDX-License-Identifier: Apache-2.0
"""The operations traced: each call appends instructions to a program and returns the value that they will make.

Weights and caches are where they are in the arena; nothing is computed here.
"""

import struct
from dataclasses import dataclass

from taleproof.graph.attention_spec import AttentionSpec
from taleproof.graph.opcodes import Op
from taleproof.graph.ops import AttentionKind
from taleproof.graph.program import Argument, Instruction, Program, Value
from taleproof.graph.rope import Rotary
from taleproof.graph.step import IDS
from taleproof.memory.arena import Arena
from taleproof.quant import FLOAT_TYPES, INT16_ACTIVATION_TYPES


ACTIVATION_BLOCK = 32
"""Activations that share a scale when they are quantised."""

ACTIVATION_BLOCK_BYTES = 16
"""Bytes of a block's scale and sums (ActivationBlock in kernels/include/program.h)."""

KEY_BLOCK = 32
"""Positions whose attention weights share a scale; a cache has a multiple of them."""

HEADS_AT_ONCE = 3
"""Heads of a group that the attention kernel takes together."""


@dataclass(frozen=True)
class ArenaTensor:
    """A weight in the arena; matrices of quantised types are interleaved.

    Attributes
    ----------
    type : the block type's name; ``number`` is GGUF's number for it.
    shape : (rows, columns), or (columns,) of a vector.
    """

    type: str
    number: int
    shape: tuple[int, ...]
    offset: int


@dataclass(frozen=True)
class ArenaCache:
    """The keys or the values of one layer: 15-bit integers and their scales (kernels/attention/attention.h).

    Attributes
    ----------
    context : positions, a multiple of KEY_BLOCK.
    """

    offset: int
    kv_heads: int
    context: int
    head_dim: int

    @property
    def nbytes(self) -> int:
        """Bytes of the integers and the scales."""
        return self.kv_heads * self.context * (2 * cache_width(self.head_dim) + 4)

    @property
    def scratch_bytes(self) -> int:
        """What one thread needs to attend to the whole context (``layout`` in kernels/attention/attention.c)."""
        width = cache_width(self.head_dim)
        floats = HEADS_AT_ONCE * (self.context + self.context // KEY_BLOCK + width) + 4
        return 4 * floats + 2 * HEADS_AT_ONCE * (self.context + width)


def cache_width(head_dim: int) -> int:
    """Return the integers kept for a head: head_dim rounded up to a vector of eight."""
    return -(-head_dim // 8) * 8


class WasmOps:
    """Traces one pass."""

    def __init__(self, arena: Arena) -> None:
        self.program = Program()
        self._arena = arena
        # A value is quantised once, however many matrices it is multiplied with.
        self._quantised: dict[tuple[Value, bool], tuple[Value, Value]] = {}
        # Layers share specs and tables of biases.
        self._specs: dict[AttentionSpec, int] = {}
        self._biases: dict[ArenaTensor, Value] = {}

    def _emit(self, op: Op, rows: int, *arguments: Argument, makes: int = 1, reads_cache: bool = False) -> None:
        self.program.instructions.append(Instruction(op, rows, arguments, makes, reads_cache))

    def input(self, name: str, columns: int) -> Value:
        """Name the value that whoever runs the program writes before it."""
        x = self.program.inputs.get(name)
        if x is None:
            x = self.program.inputs[name] = _floats(0, columns)
            self.program.marks.insert(0, (f"the input {name}", 0, x))
        if x.columns != columns:
            raise ValueError(f"the input {name} has {x.columns} columns, not {columns}")
        return x

    def embedding(self, table: ArenaTensor, ids: str = IDS) -> Value:
        """Look up the step's tokens; a step of the kernels has ids once."""
        if self.program.ids not in (None, ids):
            raise ValueError(f"the kernels read one input of ids, {self.program.ids}, and not {ids} beside it")
        self.program.ids = ids
        vocab, dim = table.shape
        y = _floats(0, dim)
        self._emit(Op.EMBEDDING, 0, y, table.offset, table.number, vocab, dim)
        return y

    def position_embedding(self, table: ArenaTensor) -> Value:
        """Look up the step's positions."""
        context, dim = table.shape
        y = _floats(0, dim)
        self._emit(Op.POSITION_EMBEDDING, 0, y, table.offset, table.number, context, dim)
        return y

    def table_row(self, table: ArenaTensor, i: int) -> Value:
        """Decode one row."""
        return self._table_rows(table, i, 1)

    def _table_rows(self, table: ArenaTensor, first: int, count: int) -> Value:
        rows, dim = table.shape
        if first + count > rows:
            raise ValueError(f"row {first + count - 1} of a table of {rows}")
        y = _floats(count, dim)
        self._emit(Op.TABLE_ROWS, count, y, table.offset, table.number, rows, dim, first)
        return y

    def rms_norm(self, x: Value, weight: ArenaTensor, epsilon: float) -> Value:
        """Divide by the root of the mean square, multiply with the weight, group by group."""
        y = _floats(x.rows, x.columns)
        columns = weight.shape[0]
        self._emit(Op.RMS_NORM, x.rows, y, x, weight.offset, epsilon, columns, x.columns // columns)
        return y

    def layer_norm(self, x: Value, weight: ArenaTensor, bias: ArenaTensor, epsilon: float) -> Value:
        """Take the mean off, divide by the spread."""
        y = _floats(x.rows, x.columns)
        self._emit(Op.LAYER_NORM, x.rows, y, x, weight.offset, bias.offset, epsilon, x.columns)
        return y

    def linear(self, x: Value, weight: ArenaTensor) -> Value:
        """Multiply with the transposed matrix; quantised matrices take quantised activations."""
        rows, columns = weight.shape
        y = _floats(x.rows, rows)
        int16 = weight.type in INT16_ACTIVATION_TYPES
        q, blocks = (x, 0) if weight.type in FLOAT_TYPES else self.quantise(x, int16=int16)
        self._emit(Op.MATMUL, x.rows, y, q, blocks, weight.offset, weight.number, rows, columns)
        return y

    def quantise(self, x: Value, *, int16: bool) -> tuple[Value, Value]:
        """Return x as 8-bit integers, or 16-bit ones, and the scales of its blocks."""
        made = self._quantised.get((x, int16))
        if made is None:
            blocks = x.columns // ACTIVATION_BLOCK
            made = (
                Value(x.rows, x.columns, x.columns * (2 if int16 else 1)),
                Value(x.rows, blocks, blocks * ACTIVATION_BLOCK_BYTES),
            )
            self._emit(Op.QUANTISE, x.rows, *made, x, x.columns, int(int16), makes=2)
            self._quantised[x, int16] = made
        return made

    def rope_angles(self, rotary: Rotary) -> Value:
        """Compute cosines and sines for the step's positions."""
        frequencies = rotary.frequencies.tobytes()
        offset = self._arena.allocate(len(frequencies))
        self._arena.write(offset, frequencies)
        magnitude = struct.unpack("<II", struct.pack("<d", rotary.magnitude))
        angles = _floats(0, rotary.rotated)
        self._emit(Op.ROPE_ANGLES, 0, angles, offset, *magnitude, rotary.rotated // 2)
        return angles

    def rope(self, x: Value, angles: Value, rotary: Rotary) -> Value:
        """Rotate pairs of elements."""
        y = _floats(x.rows, x.columns)
        heads = x.columns // rotary.head_dim
        self._emit(Op.ROPE, x.rows, y, x, angles, int(rotary.neox_layout), heads, rotary.head_dim, rotary.rotated)
        return y

    def write_keys(self, cache: ArenaCache, x: Value) -> None:
        """Quantise the step's rows into the cache."""
        self._emit(Op.WRITE_KEYS, x.rows, cache.offset, x, cache.kv_heads, cache.head_dim, cache.context, makes=0)

    def write_values(self, cache: ArenaCache, x: Value) -> None:
        """Quantise the step's rows into the cache."""
        self._emit(Op.WRITE_VALUES, x.rows, cache.offset, x, cache.kv_heads, cache.head_dim, cache.context, makes=0)

    def attention(
        self,
        q: Value,
        keys: ArenaCache,
        values: ArenaCache,
        scale: float,
        *,
        window: int = 0,
        softcap: float = 0.0,
        kind: AttentionKind = "causal",
        bias: ArenaTensor | None = None,
        max_distance: int = 128,
    ) -> Value:
        """Attend to the positions that the kind allows."""
        narrow = window if window < keys.context else 0
        spec = AttentionSpec(narrow, softcap, kind, 0 if bias is None else bias.shape[0], max_distance)
        y = _floats(q.rows, q.columns)
        scratch = Value(self._arena.threads, 1, keys.scratch_bytes)
        shape = (q.columns // keys.head_dim, keys.kv_heads, keys.head_dim, keys.context)
        cache = (keys.offset, values.offset, scratch.row_bytes)
        extra = (self._spec(spec), 0 if bias is None else self._bias(bias))
        self._emit(Op.ATTENTION, q.rows, y, scratch, q, *cache, scale, *shape, *extra, makes=2, reads_cache=True)
        return y

    def _spec(self, spec: AttentionSpec) -> int:
        """Return where the spec is in the arena, 0 for the plain one."""
        if spec.plain:
            return 0
        if spec not in self._specs:
            data = spec.encode()
            self._specs[spec] = self._arena.allocate(len(data))
            self._arena.write(self._specs[spec], data)
        return self._specs[spec]

    def _bias(self, table: ArenaTensor) -> Value:
        """Return the table as floats."""
        if table not in self._biases:
            self._biases[table] = self._table_rows(table, 0, table.shape[0])
        return self._biases[table]

    def silu_gate(self, gate: Value, up: Value) -> Value:
        """Multiply ``up`` with the sigmoid linear unit of ``gate``."""
        return self._elementwise(Op.SILU_GATE, gate, up)

    def add(self, a: Value, b: Value) -> Value:
        """Add elementwise."""
        return self._elementwise(Op.ADD, a, b)

    def add_row(self, x: Value, row: ArenaTensor | Value) -> Value:
        """Add to each row."""
        y = _floats(x.rows, x.columns)
        self._emit(Op.ADD_ROW, x.rows, y, x, row if isinstance(row, Value) else row.offset, x.columns)
        return y

    def gelu_gate(self, gate: Value, up: Value) -> Value:
        """Multiply ``up`` with the Gaussian error linear unit of ``gate``."""
        return self._elementwise(Op.GELU_GATE, gate, up)

    def gelu(self, x: Value) -> Value:
        """Take the form with tanh."""
        return self._map(Op.GELU, x)

    def gelu_erf(self, x: Value) -> Value:
        """Take the form with the error function."""
        return self._map(Op.GELU_ERF, x)

    def relu(self, x: Value) -> Value:
        """Zero where x is negative."""
        return self._map(Op.RELU, x)

    def softcap(self, x: Value, cap: float) -> Value:
        """Bend towards plus and minus ``cap``."""
        return self._map(Op.SOFTCAP, x, cap)

    def scale(self, x: Value, factor: float) -> Value:
        """Multiply with a number."""
        return self._map(Op.SCALE, x, factor)

    def _map(self, op: Op, x: Value, parameter: float = 0.0) -> Value:
        y = _floats(x.rows, x.columns)
        self._emit(op, x.rows, y, x, float(parameter), x.columns)
        return y

    def _elementwise(self, op: Op, a: Value, b: Value) -> Value:
        y = _floats(a.rows, a.columns)
        self._emit(op, a.rows, y, a, b, a.columns)
        return y

    def last_row(self, x: Value) -> Value:
        """Keep the last row."""
        y = _floats(1, x.columns)
        self._emit(Op.LAST_ROW, 1, y, x, x.columns)
        return y

    def first_row(self, x: Value) -> Value:
        """Keep the first row."""
        y = _floats(1, x.columns)
        self._emit(Op.FIRST_ROW, 1, y, x, x.columns)
        return y

    def mean_rows(self, x: Value) -> Value:
        """Take the mean over the tokens."""
        y = _floats(1, x.columns)
        self._emit(Op.MEAN_ROWS, 1, y, x, x.columns)
        return y

    def unit(self, x: Value) -> Value:
        """Divide each row by its length."""
        y = _floats(x.rows, x.columns)
        self._emit(Op.UNIT, x.rows, y, x, x.columns)
        return y

    def mark(self, name: str, x: Value) -> None:
        """Remember the place; it is looked at only when a logit is not finite."""
        self.program.marks.append((name, len(self.program.instructions), x))


def _floats(rows: int, columns: int) -> Value:
    return Value(rows, columns, 4 * columns)
