# SPDX-License-Identifier: Apache-2.0
"""GGML's files of LLaMA models from before GGUF: ggml without a version, ggmf 1, ggjt 1 to 3.

In comes a Blob, out goes a ModelFile with GGUF's keys and names. Seven numbers, the vocabulary and the tensors follow
one another; from ggjt 1 on, a tensor's data begin at a multiple of 32 bytes. Versions differ in the vocabulary, which
has scores from ggmf on, and in the blocks of the quantised types (quant/legacy.py). What the files don't say is taken
from the tensors' shapes, or is what llama.cpp took for it. Refused: versions and types that never were, tensors with
other than one or two dimensions, and models in several files, which begin like whole ones and lack columns.

Source: llama.cpp's loaders as llama-cpp-python 0.1.48 and 0.1.78 carry them.
"""

import re
from dataclasses import dataclass
from math import prod

import numpy as np

from taleproof.errors import FormatError, UnknownBlockTypeError, UnsupportedVersionError
from taleproof.formats.model_file import ModelFile, TensorInfo, Value
from taleproof.io.reader import Blob, ByteReader
from taleproof.quant import BLOCK_TYPES, BlockType, legacy, row_bytes


MAGICS = {b"lmgg": "ggml", b"fmgg": "ggmf", b"tjgg": "ggjt"}
"""Numbers of four bytes, so that they stand in the file the other way round."""

VERSIONS = {"ggml": (0,), "ggmf": (1,), "ggjt": (1, 2, 3)}
"""Version 0 is not written."""

ALIGNMENT = 32
MAX_TOKENS = 1 << 17
MAX_TOKEN_BYTES = 1 << 10
MAX_TENSORS = 1 << 13
MAX_NAME_BYTES = 64
MAX_SIZE = 1 << 24

CONTEXT = 2048
"""What LLaMA was trained with; llama.cpp left it to the person."""

NORM_EPSILON = 5e-6
"""llama.cpp's, between the 1e-6 that LLaMA was trained with and Llama 2's 1e-5: the files don't say."""

UNKNOWN, BOS, EOS, FIRST_BYTE = 0, 1, 2, 3
"""Token ids as LLaMA's vocabulary has them; those of the 256 bytes follow."""

_FIELDS = ("n_vocab", "n_embd", "n_mult", "n_head", "n_layer", "n_rot")

_NEW = {number: BLOCK_TYPES[number] for number in (0, 1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14)}
_SECOND = {number: BLOCK_TYPES[number] for number in (0, 1, 6, 7)} | {
    2: legacy.Q4_0_SINGLE,
    3: legacy.Q4_1_SINGLE,
    8: legacy.Q8_0_SINGLE,
}
_FIRST = {number: BLOCK_TYPES[number] for number in (0, 1)} | {
    2: legacy.Q4_0_PAIRS,
    3: legacy.Q4_1_PAIRS,
    4: legacy.Q4_2,
    5: legacy.Q4_3,
    6: legacy.Q5_0_PAIRS,
    7: legacy.Q5_1_PAIRS,
    8: legacy.Q8_0_SINGLE,
}

NAMES = {
    "tok_embeddings": "token_embd",
    "norm": "output_norm",
    "output": "output",
    "attention_norm": "attn_norm",
    "attention.wq": "attn_q",
    "attention.wk": "attn_k",
    "attention.wv": "attn_v",
    "attention.wo": "attn_output",
    "ffn_norm": "ffn_norm",
    "feed_forward.w1": "ffn_gate",
    "feed_forward.w2": "ffn_down",
    "feed_forward.w3": "ffn_up",
}
_NAME = re.compile(r"(?:layers\.(\d{1,5})\.)?([a-z0-9_.]+)\.weight")


@dataclass(frozen=True)
class Header:
    """What comes before the vocabulary."""

    file: str
    kind: str
    version: int
    n_vocab: int
    n_embd: int
    n_head: int
    n_layer: int
    n_rot: int

    @property
    def types(self) -> dict[int, BlockType]:
        """Block types by their numbers in this version."""
        if (self.kind, self.version) == ("ggjt", 3):
            return _NEW
        return _SECOND if (self.kind, self.version) == ("ggjt", 2) else _FIRST


def parse_ggml(blob: Blob) -> ModelFile:
    """Parse a whole file.

    Raises
    ------
    FormatError : or one of its kinds, whatever the bytes are; nothing else.
    """
    reader = ByteReader(blob)
    header = _header(reader, blob.name)
    vocabulary = _vocabulary(reader, header)
    tensors = _tensors(reader, header)
    gate, keys = tensors.get("blk.0.ffn_gate.weight"), tensors.get("blk.0.attn_k.weight")
    head_dim = header.n_embd // header.n_head
    if gate is None or keys is None:
        raise FormatError(blob.name, "tensors", len(tensors), None, "there is a vocabulary, and no layers")
    kv_heads, rest = divmod(keys.shape[0], head_dim)
    if rest:
        why = f"rows of heads of {head_dim} elements are expected; models in several files are not read"
        raise FormatError(blob.name, "rows of blk.0.attn_k.weight", keys.shape[0], None, why)
    metadata: dict[str, Value] = {
        "general.architecture": "llama",
        "llama.vocab_size": header.n_vocab,
        "llama.context_length": CONTEXT,
        "llama.embedding_length": header.n_embd,
        "llama.feed_forward_length": gate.shape[0],
        "llama.block_count": header.n_layer,
        "llama.attention.head_count": header.n_head,
        "llama.attention.head_count_kv": kv_heads,
        "llama.attention.layer_norm_rms_epsilon": NORM_EPSILON,
        "llama.rope.dimension_count": header.n_rot,
    }
    named = f"{header.kind} v{header.version}" if header.version else header.kind
    return ModelFile(blob.name, named, "llama", metadata | vocabulary, tensors, blob.size)


def vocabulary_keys(blob: Blob) -> dict[str, Value]:
    """Return the tokenizer's keys alone, of a file that may have nothing else.

    Raises
    ------
    FormatError
    """
    reader = ByteReader(blob)
    return _vocabulary(reader, _header(reader, blob.name))


def _header(reader: ByteReader, name: str) -> Header:
    kind = MAGICS[reader.bytes(4, "magic")]
    version = 0 if kind == "ggml" else reader.u32("version")
    if version not in VERSIONS[kind]:
        known = ", ".join(map(str, VERSIONS[kind]))
        raise UnsupportedVersionError(name, "version", version, 4, f"{kind} has had {known}")
    sizes = {}
    for field in _FIELDS:
        sizes[field] = reader.u32(field)
        if not 1 <= sizes[field] <= MAX_SIZE:
            raise reader.fail(field, sizes[field], f"it must be between 1 and {MAX_SIZE:,}", reader.position - 4)
    reader.u32("ftype")  # what most tensors are: each says so itself
    reader.limit("n_vocab", sizes["n_vocab"], MAX_TOKENS, "tokens")
    if sizes["n_embd"] % sizes["n_head"]:
        raise reader.fail("n_head", sizes["n_head"], f"{sizes['n_embd']} elements don't divide into so many heads")
    del sizes["n_mult"]  # it makes the hidden layer's width, which the tensors tell better
    return Header(name, kind, version, **sizes)


def _vocabulary(reader: ByteReader, header: Header) -> dict[str, Value]:
    """Read tokens and scores.

    A version without scores gets the ranks for them: a vocabulary of SentencePiece's BPE is in the order of its merges.
    """
    tokens, types = [], np.ones(header.n_vocab, "<i4")
    scores = -np.arange(header.n_vocab, dtype="<f4")
    reader.need("vocabulary", header.n_vocab * (4 if header.kind == "ggml" else 8), header.n_vocab)
    for token in range(header.n_vocab):
        length = reader.u32("length of a token")
        reader.limit("length of a token", length, MAX_TOKEN_BYTES, "bytes")
        data = reader.bytes(length, "token")
        if header.kind != "ggml":
            scores[token] = reader.f32("score")
        if token in (UNKNOWN, BOS, EOS):
            text, types[token] = ("<unk>", "<s>", "</s>")[token], 2 if token == UNKNOWN else 3
        elif 0 <= token - FIRST_BYTE < 256 and data == bytes([token - FIRST_BYTE]):
            text, types[token] = f"<0x{token - FIRST_BYTE:02X}>", 6
        else:
            text = data.decode("utf-8", "replace").replace(" ", "▁")
        tokens.append(text)
        reader.charge("token", 60 + len(text.encode()))
    if not np.isfinite(scores).all():
        raise reader.fail("score", None, "a finite number is expected")
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.unknown_token_id": UNKNOWN,
        "tokenizer.ggml.bos_token_id": BOS,
        "tokenizer.ggml.eos_token_id": EOS,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_space_prefix": True,
    }


def _tensors(reader: ByteReader, header: Header) -> dict[str, TensorInfo]:
    tensors: dict[str, TensorInfo] = {}
    while reader.left:
        reader.limit("tensors", len(tensors) + 1, MAX_TENSORS, "tensors")
        info = _tensor(reader, header)
        if info.name in tensors:
            raise reader.fail("name", info.name, "there are two tensors of this name")
        tensors[info.name] = info
    return tensors


def _tensor(reader: ByteReader, header: Header) -> TensorInfo:
    start = reader.position
    dimensions, name_bytes, number = (reader.u32(field) for field in ("dimensions", "length of the name", "type"))
    if dimensions not in (1, 2):
        raise reader.fail("dimensions", dimensions, "1 or 2 are expected", start)
    if not 1 <= name_bytes <= MAX_NAME_BYTES:
        raise reader.fail("length of the name", name_bytes, f"1 to {MAX_NAME_BYTES} are expected", start + 4)
    sizes = [reader.u32("size") for _ in range(dimensions)]
    raw = reader.bytes(name_bytes, "name")
    name = _translated(raw.decode("ascii", "replace"))
    if not all(1 <= size <= MAX_SIZE for size in sizes):
        raise reader.fail(f"shape of {name}", sizes, f"sizes from 1 to {MAX_SIZE:,} are expected", start + 12)
    kind = header.types.get(number)
    if kind is None:
        why = f"{header.kind} v{header.version} has the types {', '.join(map(str, header.types))}"
        raise UnknownBlockTypeError(header.file, f"type of {name}", number, start + 8, why)
    if header.kind == "ggjt":
        reader.skip(-reader.position % ALIGNMENT, f"padding before {name}")
    shape = tuple(reversed(sizes))
    try:
        nbytes = row_bytes(kind, shape[-1]) * prod(shape[:-1])
    except ValueError as error:
        raise reader.fail(f"shape of {name}", sizes, str(error), start + 12) from None
    offset = reader.position
    reader.skip(nbytes, f"data of {name}")
    return TensorInfo(name, kind, shape, offset, nbytes)


def _translated(name: str) -> str:
    """Return GGUF's name for a tensor, or its own where GGUF has none."""
    found = _NAME.fullmatch(name)
    known = None if found is None else NAMES.get(found[2])
    if found is None or known is None:
        return name
    return f"{known}.weight" if found[1] is None else f"blk.{int(found[1])}.{known}.weight"
