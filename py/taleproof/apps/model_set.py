# SPDX-License-Identifier: Apache-2.0
"""All files of one model, hashed and judged, become a ModelFile and a tokenizer.

In come blobs, distinguished by name and content; out goes a ModelSet. Refused: two files of one name, a model whose
tokenizer is not among them, and whatever the formats refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from taleproof.errors import FormatError, TokenizerMissingError
from taleproof.formats import ModelFile
from taleproof.io.model_files import TOKENIZER_CONFIG, TOKENIZER_JSON, is_tokenizer_bin
from taleproof.io.reader import Blob
from taleproof.models import parse_files
from taleproof.tokenizers import Tokenizer, from_llama2c, from_model, from_tokenizer_json
from taleproof.tokenizers.encoder_input import EncoderInputTokenizer


KIND_KEY = "tokenizer.ggml.model"
"""There in the metadata of every format that brings its tokenizer in the model's file."""


@dataclass(frozen=True)
class ModelSet:
    """What a model's files say.

    Attributes
    ----------
    weights : for each of file.parts, which of the blobs it is.
    uses_given : whether the tokenizer is the one that was given beside the model.
    """

    file: ModelFile
    weights: tuple[int, ...]
    tokenizer: Tokenizer
    uses_given: bool


def read_model(blobs: Sequence[Blob], tokenizer: Blob | None = None) -> ModelSet:
    """Parse a model's files.

    Parameters
    ----------
    blobs : all of them, hashed.
    tokenizer : of a model that brings none, if it is not among the others.

    Raises
    ------
    FormatError, TokenizerMissingError, UnknownTokenizerError, UnknownTokenizerPartError
    """
    file = parse_model(blobs)
    names = [blob.name for blob in blobs]
    weights = tuple(names.index(part.name) for part in file.parts)
    if KIND_KEY in file.metadata or file.format.startswith("GGUF"):
        return ModelSet(file, weights, _for_encoder_input(file, from_model(file)), uses_given=False)
    named = dict(zip(names, blobs, strict=True))
    among = [named[name] for name in names if name == TOKENIZER_JSON or is_tokenizer_bin(name)]
    tokenizer_blob = next((blob for blob in [tokenizer, *among] if blob is not None), None)
    if tokenizer_blob is None or tokenizer_blob.size == 0:
        raise TokenizerMissingError(file.name)
    if tokenizer_blob.read(0, 1) == b"{":
        read = from_tokenizer_json(file, tokenizer_blob, named.get(TOKENIZER_CONFIG))
    else:
        read = from_llama2c(tokenizer_blob, file.integer(f"{file.architecture}.vocab_size"))
    return ModelSet(file, weights, _for_encoder_input(file, read), uses_given=tokenizer_blob is tokenizer)


def _for_encoder_input(file: ModelFile, tokenizer: Tokenizer) -> Tokenizer:
    return tokenizer if file.start_token is None else EncoderInputTokenizer(tokenizer, file.start_token)


def parse_model(blobs: Sequence[Blob]) -> ModelFile:
    """Parse a model's files, a tokenizer's own that is among several left out.

    Raises
    ------
    FormatError
    """
    names = [blob.name for blob in blobs]
    for name in names:
        if names.count(name) > 1:
            raise FormatError(name, "name", None, None, "two of the model's files have this name")
    if len(blobs) == 1:
        return parse_files(blobs)
    return parse_files([blob for blob in blobs if blob.name != TOKENIZER_JSON and not is_tokenizer_bin(blob.name)])
