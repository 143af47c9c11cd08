# SPDX-License-Identifier: Apache-2.0
"""Any model that can be read, written as one GGUF file of another block type.

In come a parsed model, its files and the keys of its tokenizer; out goes a GGUF 3 file, tensor by tensor, never more
of one in memory than CHUNK weights, with the digest of all that was written. Matrices get the type that is asked for,
F16 where their rows are no whole number of its blocks, or stay as they are if they have the type already; vectors
and tables that are only added become F32. Weights as Hugging Face keeps them are changed to GGUF's conventions
(models/shared/architecture.py). Refused: a model without a tokenizer, weights that are not finite or that the type
can't hold.

Source of the conventions: https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import ConversionError, NumericsError
from taleproof.formats import ModelFile, TensorInfo, Value, tensor_f32
from taleproof.formats.gguf.write import Row, head, padding
from taleproof.formats.limits import MAX_HEADS, MAX_LAYERS
from taleproof.graph.rope import TRUNCATE
from taleproof.io.reader import Blob
from taleproof.models import conventions_of
from taleproof.quant import BLOCK_TYPES, BlockType, row_bytes
from taleproof.quant.encode import ENCODED, encode
from taleproof.trust.digest import Digests, python_digester


CHUNK = 1 << 20
"""Weights that are decoded and encoded at a time."""

TOKENS = "tokenizer.ggml.tokens"
_FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "BF16": 32}
"""general.file_type: what most of the tensors are."""

_TABLES = ("position_embd.weight", "token_types.weight", "_rel_b.weight")
"""Tables that are added and never multiplied with: readers of GGUF expect F32."""


def convert(
    file: ModelFile, blobs: Sequence[Blob], out: Path, type_name: str, tokenizer: Mapping[str, Value] | None = None
) -> Digests:
    """Write the model to ``out``, which appears only when it is complete; return the digests of what was written.

    Parameters
    ----------
    blobs : the files with weights, in the order of file.parts.
    type_name : one of encode.ENCODED.
    tokenizer : the tokenizer's keys, where the model's own metadata have none.

    Raises
    ------
    ConversionError, NumericsError, FormatError
    """
    if type_name not in ENCODED:
        raise ConversionError(file.name, type_name, f"the types that can be written are {', '.join(ENCODED)}")
    metadata = _metadata(file, type_name, tokenizer)
    target = BLOCK_TYPES[type_name]
    infos = list(file.tensors.values())
    rows = [Row(info.name, _type_for(info, target), info.shape) for info in infos]
    vectors = _factors(file, metadata)
    rows += [Row(name, BLOCK_TYPES["F32"], vector.shape) for name, vector in vectors]
    digester = python_digester(sha3=True)
    partial = out.with_name(out.name + ".partial")
    try:
        with partial.open("wb") as written:
            for data in _contents(file, blobs, metadata, infos, rows):
                written.write(data)
                digester.update(data)
            for _, vector in vectors:
                data = vector.tobytes() + padding(vector.nbytes)
                written.write(data)
                digester.update(data)
        partial.replace(out)
    except OSError as error:
        raise ConversionError(file.name, str(out), error.strerror or type(error).__name__) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return digester.finish()


def _metadata(file: ModelFile, type_name: str, tokenizer: Mapping[str, Value] | None) -> dict[str, Value]:
    metadata: dict[str, Value] = {key: value for key, value in file.metadata.items() if not key.startswith("split.")}
    metadata.update(tokenizer or {})
    if TOKENS not in metadata:
        raise ConversionError(file.name, TOKENS, "neither the model nor a file beside it has a tokenizer")
    if metadata.pop(truncate := TRUNCATE.format(architecture=file.architecture), True) is False:
        raise ConversionError(file.name, truncate, "GGUF has no key for YaRN without it")
    metadata.pop("general.alignment", None)
    metadata["general.file_type"] = _FILE_TYPES[type_name]
    metadata["general.quantization_version"] = 2
    return metadata


def _factors(file: ModelFile, metadata: dict[str, Value]) -> list[tuple[str, NDArray[np.float32]]]:
    """Take from the metadata what frequencies are divided by; return it as tensors, by their names."""
    names = {f"{file.architecture}.{key}": name for key, name in conventions_of(file).factors.items()}
    factors = [(names[key], metadata.pop(key)) for key in names if key in metadata]
    return [(name, value.astype("<f4")) for name, value in factors if isinstance(value, np.ndarray)]


def _type_for(info: TensorInfo, target: BlockType) -> BlockType:
    if len(info.shape) < 2 or info.name.endswith(_TABLES):
        return BLOCK_TYPES["F32"]
    return BLOCK_TYPES["F16"] if info.shape[-1] % target.elements else target


def _contents(
    file: ModelFile,
    blobs: Sequence[Blob],
    metadata: Mapping[str, Value],
    infos: Sequence[TensorInfo],
    rows: Sequence[Row],
) -> Iterator[bytes | memoryview]:
    """Yield the new file's bytes, from the first to those of the last tensor that the model's own files have."""
    try:
        yield head(metadata, rows)
    except (ValueError, UnicodeEncodeError) as error:
        raise ConversionError(file.name, "metadata", str(error)) from None
    for info, row in zip(infos, rows, strict=False):  # rows of factors come after them
        blob = blobs[info.part]
        if row.type == info.type and not _changed(file, info) and not info.big_endian:
            yield from _copied(blob, info)
        else:
            for values in _values(file, blob, info):
                yield _encoded(file, row, values)
        yield padding(row.nbytes)


def _copied(blob: Blob, info: TensorInfo) -> Iterator[bytes | memoryview]:
    for start in range(0, info.nbytes, CHUNK):
        yield blob.read(info.offset + start, min(CHUNK, info.nbytes - start))


def _encoded(file: ModelFile, row: Row, values: NDArray[np.float32]) -> bytes:
    if not np.isfinite(values).all():
        raise NumericsError(f"the tensor {row.name}")
    try:
        return encode(row.type, values).tobytes()
    except OverflowError:
        why = f"it has weights that are too large for {row.type.name}; BF16 and F32 hold them"
        raise ConversionError(file.name, row.name, why) from None


def _values(file: ModelFile, blob: Blob, info: TensorInfo) -> Iterator[NDArray[np.float32]]:
    """Yield a tensor's weights in GGUF's convention, whole rows at a time."""
    if _changed(file, info) or info.scales_offset is not None or len(info.shape) != 2:
        yield _in_ggufs_way(file, info, tensor_f32(blob, info))
        return
    n_rows, columns = info.shape
    step = max(CHUNK // columns, 1)
    nbytes = row_bytes(info.type, columns)
    for start in range(0, n_rows, step):
        count = min(step, n_rows - start)
        part = replace(info, shape=(count, columns), offset=info.offset + start * nbytes, nbytes=count * nbytes)
        yield tensor_f32(blob, part)


def _changed(file: ModelFile, info: TensorInfo) -> bool:
    """Return whether GGUF keeps this tensor in another way than the file."""
    return file.huggingface and (_permuted(file, info) or _shifted(file, info))


def _permuted(file: ModelFile, info: TensorInfo) -> bool:
    return conventions_of(file).interleaved_rope and (".attn_q." in info.name or ".attn_k." in info.name)


def _shifted(file: ModelFile, info: TensorInfo) -> bool:
    return conventions_of(file).norm_offset != 0.0 and info.name.endswith("norm.weight")


def _in_ggufs_way(file: ModelFile, info: TensorInfo, values: NDArray[np.float32]) -> NDArray[np.float32]:
    if not _changed(file, info):
        return values
    if _shifted(file, info):
        return values + np.float32(conventions_of(file).norm_offset)
    key = f"{file.architecture}.attention.head_count"
    layers = file.count(f"{file.architecture}.block_count", 1, MAX_LAYERS)
    heads = file.layer_count(key, 1, MAX_HEADS, layers)
    if ".attn_k." in info.name:
        heads = file.layer_count(key + "_kv", 1, heads, layers, heads)
    if info.shape[0] % (2 * heads):
        raise file.fail(key, heads, f"the {info.shape[0]:,} rows of {info.name} are no such number of heads")
    halves = values.reshape(heads, 2, info.shape[0] // heads // 2, -1)  # (heads, half, pair, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(info.shape)
