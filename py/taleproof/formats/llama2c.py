# SPDX-License-Identifier: Apache-2.0
"""llama2.c's .bin files: version 0 (no magic), 1 (float32) and 2 (int8 in groups, each with a float32 scale).

In comes a Blob, out goes a ModelFile with GGUF's keys and tensor names for the architecture "llama". The
layout is fixed by the header, so a file is right only if its size is exactly what its header implies; version
0, which has no magic, is recognised by that alone. Refused: sizes that are not positive, too large, or do not
divide as heads and groups must.

Source: https://github.com/karpathy/llama2.c, export.py and run.c
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from taleproof.errors import ExtendedFileError, FormatError, TruncatedFileError, UnsupportedVersionError
from taleproof.formats.model_file import ModelFile, TensorInfo, Value
from taleproof.io.reader import Blob, ByteReader
from taleproof.quant import BLOCK_TYPES, BlockType, q8_group


MAGIC = struct.pack("<I", 0x616B3432)  # "ak42" as a number
HEADER_BYTES = 256  # of versions 1 and 2
MAX_LAYERS = 1 << 10
MAX_SIZE = 1 << 24  # any other number of the header

ROPE_THETA = 10000.0  # this and the next are constants in run.c
NORM_EPSILON = 1e-5

_F32 = BLOCK_TYPES["F32"]
_FIELDS = ("dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "max_seq_len")
_VERSION_0 = struct.Struct("<7i")


@dataclass(frozen=True, slots=True)
class Header:
    """The seven numbers of every version, and whether the classifier is the embedding."""

    tied: bool
    dim: int
    hidden_dim: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    vocab_size: int
    max_seq_len: int

    @property
    def kv_dim(self) -> int:
        """Return the width of the keys, and of the values."""
        return self.dim // self.n_heads * self.n_kv_heads

    def problem(self) -> tuple[str, int, str] | None:
        """Return the first field that can't be right, its value and why; None if all can."""
        for name in _FIELDS:
            value, cap = getattr(self, name), MAX_LAYERS if name == "n_layers" else MAX_SIZE
            if not 1 <= value <= cap:
                return name, value, f"it must be between 1 and {cap:,}"
        if self.dim % self.n_heads or self.dim // self.n_heads % 2:
            return (
                "n_heads",
                self.n_heads,
                f"dim {self.dim} does not divide into this many heads of an even size",
            )
        if self.n_heads % self.n_kv_heads:
            return "n_kv_heads", self.n_kv_heads, f"{self.n_heads} heads can't share this many"
        return None


# name, shape; "{}" stands for the layer, and all layers of such a tensor follow one another
_Entry = tuple[str, tuple[int, ...]]


def _matrices(header: Header) -> list[_Entry]:
    """Return the matrices that every layer has, in the order of versions 1 and 2."""
    dim, hidden, kv_dim = header.dim, header.hidden_dim, header.kv_dim
    return [
        ("blk.{}.attn_q.weight", (dim, dim)),
        ("blk.{}.attn_k.weight", (kv_dim, dim)),
        ("blk.{}.attn_v.weight", (kv_dim, dim)),
        ("blk.{}.attn_output.weight", (dim, dim)),
        ("blk.{}.ffn_gate.weight", (hidden, dim)),
        ("blk.{}.ffn_down.weight", (dim, hidden)),
        ("blk.{}.ffn_up.weight", (hidden, dim)),
    ]


def _entries(header: Header, version: int) -> list[_Entry]:
    """Return what a file holds, in order. A name of "" is skipped."""
    attn_norm: _Entry = ("blk.{}.attn_norm.weight", (header.dim,))
    ffn_norm: _Entry = ("blk.{}.ffn_norm.weight", (header.dim,))
    output_norm: _Entry = ("output_norm.weight", (header.dim,))
    embedding: _Entry = ("token_embd.weight", (header.vocab_size, header.dim))
    classifier: list[_Entry] = [] if header.tied else [("output.weight", embedding[1])]
    matrices = _matrices(header)
    if version == 0:
        rotations: _Entry = (
            "",
            (2, header.max_seq_len, header.dim // header.n_heads // 2),
        )  # cos, sin; computed anew
        return [
            embedding,
            attn_norm,
            *matrices[:4],
            ffn_norm,
            *matrices[4:],
            output_norm,
            rotations,
            *classifier,
        ]
    return [attn_norm, ffn_norm, output_norm, embedding, *matrices, *classifier]


def _tensors(header: Header, version: int, group: BlockType, start: int) -> Iterator[TensorInfo]:
    """Lay the tensors out one after another, those to be skipped included."""
    offset = start
    for pattern, shape in _entries(header, version):
        for layer in range(header.n_layers if "{}" in pattern else 1):
            quantised = version == 2 and len(shape) > 1
            info = _tensor(pattern.format(layer), group if quantised else _F32, shape, offset)
            yield info
            offset += info.nbytes


def _tensor(name: str, block_type: BlockType, shape: tuple[int, ...], offset: int) -> TensorInfo:
    elements = 1
    for size in shape:
        elements *= size
    nbytes = elements // block_type.elements * block_type.nbytes
    scales_offset = None if block_type is _F32 else offset + elements
    return TensorInfo(name, block_type, shape, offset, nbytes, scales_offset)


def _implied_size(header: Header, version: int, group: BlockType, start: int) -> int:
    """Return the size of the file, at little cost: the header may be nonsense."""
    size = start
    for pattern, shape in _entries(header, version):
        quantised = version == 2 and len(shape) > 1
        one = _tensor(pattern, group if quantised else _F32, shape, 0).nbytes
        size += one * (header.n_layers if "{}" in pattern else 1)
    return size


def _version_0_header(blob: Blob) -> Header | None:
    if blob.size < _VERSION_0.size:
        return None
    numbers = list(_VERSION_0.unpack(blob.read(0, _VERSION_0.size)))
    vocab_size = numbers[5]
    numbers[5] = abs(vocab_size)
    header = Header(vocab_size > 0, *numbers)
    return None if header.problem() else header


def version_0_size(blob: Blob) -> int | None:
    """Return the size that the first seven numbers imply, read as a version 0 header; None if they can't be one.

    A file is of version 0 if this is exactly its size.
    """
    header = _version_0_header(blob)
    return None if header is None else _implied_size(header, 0, _F32, _VERSION_0.size)


def parse_version_0(blob: Blob) -> ModelFile:
    """Parse a file of the size that version_0_size returns."""
    header = _version_0_header(blob)
    if header is None:
        raise FormatError(blob.name, "header", None, 0, "these are not the numbers of a llama2.c file")
    return _model_file(blob, header, 0, _F32, _VERSION_0.size)


def parse_versioned(blob: Blob) -> ModelFile:
    """Parse a file of version 1 or 2, which begins with MAGIC."""
    reader = ByteReader(blob)
    reader.need("header", HEADER_BYTES)
    reader.skip(len(MAGIC), "magic")
    version = reader.i32("version")
    if version not in (1, 2):
        raise UnsupportedVersionError(blob.name, "version", version, 4, "llama2.c has versions 0, 1 and 2")
    numbers = [reader.i32(field) for field in _FIELDS]
    tied = reader.u8("shared_classifier")
    header = Header(bool(tied), *numbers)
    problem = header.problem()
    if problem:
        field, value, why = problem
        raise FormatError(blob.name, field, value, 8 + 4 * _FIELDS.index(field), why)
    if tied > 1:
        raise reader.fail("shared_classifier", tied, "a truth value is 0 or 1", reader.position - 1)
    group = _group(reader, header) if version == 2 else _F32
    return _model_file(blob, header, version, group, HEADER_BYTES)


def _group(reader: ByteReader, header: Header) -> BlockType:
    """Read the size of version 2's groups; every matrix must be a whole number of them."""
    size = reader.i32("group_size")
    shapes = [shape for _, shape in _matrices(header)] + [(header.vocab_size, header.dim)]
    if not 1 <= size <= MAX_SIZE or any(rows * cols % size for rows, cols in shapes):
        raise reader.fail("group_size", size, "every matrix must be a whole number of groups", reader.position - 4)
    return q8_group(size)


def _model_file(blob: Blob, header: Header, version: int, group: BlockType, start: int) -> ModelFile:
    size = _implied_size(header, version, group, start)
    if blob.size != size:
        kind = TruncatedFileError if blob.size < size else ExtendedFileError
        raise kind(blob.name, "size", blob.size, None, f"the header implies {size:,} bytes")
    tensors = {info.name: info for info in _tensors(header, version, group, start) if info.name}
    return ModelFile(blob.name, f"llama2.c v{version}", "llama", _metadata(header), tensors, blob.size)


def _metadata(header: Header) -> dict[str, Value]:
    return {
        "general.architecture": "llama",
        "llama.vocab_size": header.vocab_size,
        "llama.context_length": header.max_seq_len,
        "llama.embedding_length": header.dim,
        "llama.block_count": header.n_layers,
        "llama.feed_forward_length": header.hidden_dim,
        "llama.attention.head_count": header.n_heads,
        "llama.attention.head_count_kv": header.n_kv_heads,
        "llama.attention.layer_norm_rms_epsilon": NORM_EPSILON,
        "llama.rope.dimension_count": header.dim // header.n_heads,
        "llama.rope.freq_base": ROPE_THETA,
    }
