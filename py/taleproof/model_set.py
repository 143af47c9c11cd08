"""All files of one model, hashed and judged, become a ModelFile and a tokenizer.

In come blobs, told apart by name and content; out goes a ModelSet. Refused: two files of one name, a model whose
tokenizer is not among them, and whatever the formats refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import FormatError, TokenizerMissingError
from .formats import ModelFile, parse_files
from .model_files import is_tokenizer_bin
from .reader import Blob
from .tokenizers import Tokenizer, from_llama2c, from_model


KIND_KEY = "tokenizer.ggml.model"
"""There in the metadata of every format that brings its tokenizer in the model's file."""


@dataclass(frozen=True)
class ModelSet:
    """What a model's files say.

    Attributes
    ----------
    weights : for each of file.parts, which of the blobs it is.
    """

    file: ModelFile
    weights: tuple[int, ...]
    tokenizer: Tokenizer


def read_model(blobs: Sequence[Blob], tokenizer: Blob | None = None) -> ModelSet:
    """Parse a model's files.

    Parameters
    ----------
    blobs : all of them, hashed.
    tokenizer : of a model that brings none, if it is not among the others.

    Raises
    ------
    FormatError, TokenizerMissingError, UnknownTokenizerError
    """
    if tokenizer is None and len(blobs) > 1:
        tokenizer = next((blob for blob in blobs if is_tokenizer_bin(blob.name)), None)
    file = parse_model(blobs)
    names = [blob.name for blob in blobs]
    return ModelSet(file, tuple(names.index(part.name) for part in file.parts), _tokenizer(file, tokenizer))


def parse_model(blobs: Sequence[Blob]) -> ModelFile:
    """Parse a model's files, a tokenizer.bin that is among several left out.

    Raises
    ------
    FormatError
    """
    names = [blob.name for blob in blobs]
    for name in names:
        if names.count(name) > 1:
            raise FormatError(name, "name", None, None, "two of the model's files have this name")
    return parse_files([blob for blob in blobs if len(blobs) == 1 or not is_tokenizer_bin(blob.name)])


def _tokenizer(file: ModelFile, given: Blob | None) -> Tokenizer:
    if given is not None:
        return from_llama2c(given, file.integer("llama.vocab_size"))
    if KIND_KEY in file.metadata or file.format.startswith("GGUF"):
        return from_model(file)
    raise TokenizerMissingError(file.name)
