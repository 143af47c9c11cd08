"""Model files: what a file is, told by its first bytes, and its contents as a ModelFile.

In comes a Blob whose digest has been checked, out goes a ModelFile: metadata and a tensor table, under GGUF's
names whatever the format. Refused, with an error that says what the file seems to be instead: everything
else.
"""

from ..errors import EmptyFileError, HtmlInsteadOfModelError, UnknownFormatError
from ..reader import Blob
from ..sniff import LOOKED_AT, looks_like_html
from . import gguf, llama2c
from .decode import tensor_f32
from .model_file import ModelFile, TensorInfo, Value


_OTHERS = (
    (b"version https://git-lfs", "this is a Git LFS pointer, which stands for the file but is not it"),
    (b"PK\x03\x04", "this is a zip archive, perhaps of PyTorch weights"),
    (b"\x1f\x8b", "this is compressed with gzip: unpack it first"),
    (b"lmgg", "this is a model in GGML's format from before GGUF"),
    (b"fmgg", "this is a model in GGML's format from before GGUF"),
    (b"tjgg", "this is a model in GGML's format from before GGUF"),
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
        return gguf.parse_gguf(blob)
    if head.startswith(llama2c.MAGIC):
        return llama2c.parse_versioned(blob)
    if llama2c.is_version_0(blob):
        return llama2c.parse_version_0(blob)
    if looks_like_html(head):
        raise HtmlInsteadOfModelError(blob.name)
    seen = head[:8]
    why = next((why for magic, why in _OTHERS if head.startswith(magic)), "no known format begins with these bytes")
    raise UnknownFormatError(blob.name, "first bytes", f"{seen.hex(' ')} ({_printable(seen)})", 0, why)


def _printable(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


__all__ = ["ModelFile", "TensorInfo", "Value", "parse", "tensor_f32"]
