# SPDX-License-Identifier: Apache-2.0
"""Model files: what a file is, by its first bytes, and its contents as a ModelFile.

In comes a Blob whose digest has been checked, out goes a ModelFile: metadata and a tensor table, under GGUF's
names whatever the format. Refused, with an error that says what the file seems to be instead: everything
else.
"""

from collections.abc import Sequence

from taleproof.errors import EmptyFileError, FormatError, HtmlInsteadOfModelError, UnknownFormatError
from taleproof.formats import ggml, llama2c, safetensors
from taleproof.formats.decode import tensor_f32
from taleproof.formats.gguf import read as gguf
from taleproof.formats.gguf import split as gguf_split
from taleproof.formats.huggingface import Translate
from taleproof.formats.huggingface import files as huggingface_files
from taleproof.formats.model_file import ModelFile, TensorInfo, Value
from taleproof.io.reader import Blob
from taleproof.io.sniff import LOOKED_AT, looks_like_html


_OTHERS = (
    (b"version https://git-lfs", "this is a Git LFS pointer, which stands for the file but is not it"),
    (b"PK\x03\x04", "this is a zip archive, perhaps of PyTorch weights"),
    (b"\x1f\x8b", "this is compressed with gzip: unpack it first"),
    (b"{", "this is JSON, such as lies beside a model's weights: choose their folder, or the file with the weights"),
)


def parse(blob: Blob) -> ModelFile:
    """Tell a file's format from its first bytes and parse it.

    Raises
    ------
    FormatError : or one of its kinds, whatever the bytes are; nothing else.
    """
    if blob.size == 0:
        raise EmptyFileError(blob.name)
    head = bytes(blob.read(0, min(LOOKED_AT, blob.size)))
    if head.startswith(gguf.MAGIC):
        return gguf_split.join([gguf.parse_gguf(blob)])
    if head[:4] in ggml.MAGICS:
        return ggml.parse_ggml(blob)
    if head.startswith(llama2c.MAGIC):
        return llama2c.parse_versioned(blob)
    if safetensors.implied_header(blob) is not None:
        raise huggingface_files.config_missing(blob.name)
    implied = llama2c.version_0_size(blob)
    if implied == blob.size:
        return llama2c.parse_version_0(blob)
    if looks_like_html(head):
        raise HtmlInsteadOfModelError(blob.name)
    seen = f"{head[:8].hex(' ')} ({_printable(head[:8])})"
    raise UnknownFormatError(blob.name, "first bytes", seen, 0, _guess(head, blob.size, implied))


def parse_files(blobs: Sequence[Blob], translate: Translate) -> ModelFile:
    """Parse all files of one model: ModelFile.parts counts those with weights, in the order in which they come.

    Parameters
    ----------
    translate : puts a config.json into GGUF's words, as only the architectures know how (models/__init__.py).

    Raises
    ------
    FormatError : or one of its kinds, whatever the bytes are; nothing else.
    """
    if any(huggingface_files.is_weights(blob) for blob in blobs):
        return huggingface_files.join_files(blobs, translate)
    if len(blobs) == 1:
        return parse(blobs[0])
    for blob in blobs:
        if blob.size < len(gguf.MAGIC) or blob.read(0, len(gguf.MAGIC)) != gguf.MAGIC:
            raise FormatError(blob.name, "content", None, 0, "it is not a part of the same model as the other files")
    return gguf_split.join([gguf.parse_gguf(blob) for blob in blobs])


def _guess(head: bytes, size: int, llama2c_size: int | None) -> str:
    """Say what an unknown file may be."""
    for magic, why in _OTHERS:
        if head.startswith(magic):
            return why
    if llama2c_size is not None:
        return f"as a llama2.c file it would have {llama2c_size:,} bytes, and it has {size:,}"
    return "no known format begins with these bytes"


def _printable(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


__all__ = ["ModelFile", "TensorInfo", "Value", "parse", "parse_files", "tensor_f32"]
