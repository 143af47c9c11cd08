# SPDX-License-Identifier: Apache-2.0
"""The command ``convert``: a path comes in, a GGUF file is written, its digests go out, and what it can't say.

A folder, or any file of a model in several, stands for all of them (model_files.py). Every file is hashed before one
is parsed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from taleproof.apps.convert import TOKENS, convert
from taleproof.apps.guard import opening
from taleproof.apps.local import blobs_of_model, verify
from taleproof.apps.model_set import parse_model
from taleproof.formats import ModelFile
from taleproof.io.model_files import TOKENIZER_CONFIG, TOKENIZER_JSON, is_tokenizer_bin
from taleproof.io.reader import Blob, read_file
from taleproof.tokenizers.gguf_keys import TokenizerKeys, keys_of_tokenizer_bin, keys_of_tokenizer_json
from taleproof.trust.digest import Digests, Expected


@dataclass(frozen=True, slots=True)
class Converted:
    """The digests of the file that was written, and sentences about what it can't say of the model."""

    digests: Digests
    notes: tuple[str, ...]


def run_convert(
    path: Path, out: Path, type_name: str, tokenizer: Path | None = None, expected: Expected | None = None
) -> Converted:
    """Convert the model at a path.

    Parameters
    ----------
    tokenizer : a llama2.c model's tokenizer.bin; by default the one beside the model, where the folder was named.
    """
    blobs = blobs_of_model([path])
    verify(blobs, expected)
    beside = blobs[1:]
    if tokenizer is not None:
        beside = [read_file(tokenizer)]
        verify(beside)
    with opening(path.name, sum(blob.size for blob in blobs)):
        file = parse_model(blobs)
        found = _tokenizer_keys(file, beside, tokenizer is not None)
    by_name = {blob.name: blob for blob in blobs}
    with_weights = [by_name[part.name] for part in file.parts]
    digests = convert(file, with_weights, out, type_name.upper(), None if found is None else found.keys)
    return Converted(digests, () if found is None else found.notes)


def _tokenizer_keys(file: ModelFile, blobs: Sequence[Blob], given: bool) -> TokenizerKeys | None:
    """Return the tokenizer's keys where the model's own metadata have none."""
    if TOKENS in file.metadata:
        return None
    named = {blob.name: blob for blob in blobs}
    if file.huggingface and TOKENIZER_JSON in named:
        return keys_of_tokenizer_json(file, named[TOKENIZER_JSON], named.get(TOKENIZER_CONFIG))
    bins = [blob for blob in blobs if given or is_tokenizer_bin(blob.name)]
    return TokenizerKeys(keys_of_tokenizer_bin(bins[0], file.integer("llama.vocab_size"))) if bins else None
