"""A GGUF file's vocabulary: its metadata, checked, as plain data.

In comes a ModelFile, out goes a Vocabulary. Refused: a missing or empty list of tokens, lists of
different lengths, special ids beyond the list.

Source: the GGUF specification's tokenizer keys; llama.cpp's llama-vocab.cpp for what an absent key means
and for the texts of the tokens that end a turn.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formats import ModelFile


MAX_TOKENS = 1 << 22
"""The largest vocabularies have some 262,000 tokens."""

PREFIX = "tokenizer.ggml."

END_TEXTS = (
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<end_of_turn>",
    "<end_of_utterance>",
    "<EOT>",
    # These begin another document of the training data, so that the text before them is at its end.
    "<|file_sep|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<reponame>",
)
"""Tokens that end a text or a turn whatever the metadata says: files often name one of several."""


class TokenType(IntEnum):
    """The values of tokenizer.ggml.token_type."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens and the rules around them.

    Attributes
    ----------
    pieces : the text of each token, by id.
    types : uint8 (vocab,), values of TokenType.
    eos_id : the token that ends a text; eos_ids has all that end a text or a turn.
    """

    name: str
    pieces: list[str]
    types: NDArray[np.uint8]
    bos_id: int | None
    eos_id: int | None
    unknown_id: int | None
    eos_ids: frozenset[int]
    add_bos: bool
    add_eos: bool

    def ids_of(self, *types: TokenType) -> list[int]:
        """Return the ids of the tokens of some types."""
        found: list[int] = np.flatnonzero(np.isin(self.types, types)).tolist()
        return found


@dataclass(frozen=True, slots=True)
class Defaults:
    """What absent keys mean, which depends on the kind of tokenizer."""

    bos_id: int | None = None
    eos_id: int | None = None
    unknown_id: int | None = None
    add_bos: bool = False
    add_eos: bool = False


def read_vocabulary(file: ModelFile, defaults: Defaults) -> Vocabulary:
    """Return the vocabulary in a file's metadata.

    Raises
    ------
    FormatError : the metadata is incomplete or contradicts itself.
    """
    pieces = file.texts(PREFIX + "tokens")
    if not 0 < len(pieces) <= MAX_TOKENS:
        raise file.fail(PREFIX + "tokens", len(pieces), f"between 1 and {MAX_TOKENS:,} tokens are expected")
    given = per_token(file, "token_type", len(pieces))
    if given is None:
        types = np.full(len(pieces), TokenType.NORMAL, np.uint8)
    else:
        known = (given >= TokenType.NORMAL) & (given <= TokenType.BYTE)
        types = np.where(known, given, TokenType.NORMAL).astype(np.uint8)
    eos_id = special_id(file, "eos_token_id", len(pieces), defaults.eos_id)
    ends = _ends_by_text(pieces)
    types[ends] = TokenType.CONTROL
    more = (special_id(file, key, len(pieces)) for key in ("eot_token_id", "eom_token_id"))
    return Vocabulary(
        name=file.name,
        pieces=pieces,
        types=types,
        bos_id=special_id(file, "bos_token_id", len(pieces), defaults.bos_id),
        eos_id=eos_id,
        unknown_id=special_id(file, "unknown_token_id", len(pieces), defaults.unknown_id),
        eos_ids=frozenset(ends) | {token for token in (eos_id, *more) if token is not None},
        add_bos=file.flag(PREFIX + "add_bos_token", defaults.add_bos),
        add_eos=file.flag(PREFIX + "add_eos_token", defaults.add_eos),
    )


def _ends_by_text(pieces: list[str]) -> list[int]:
    """Return the ids of END_TEXTS; of a text that stands twice the first."""
    return [pieces.index(text) for text in frozenset(END_TEXTS).intersection(pieces)]


def per_token(file: ModelFile, name: str, count: int) -> NDArray[Any] | None:
    """Return an array of one number a token; None if the file has none."""
    values = file.numbers(PREFIX + name, None)
    if values is None:
        return None
    if values.ndim != 1 or len(values) != count:
        raise file.fail(PREFIX + name, len(values), f"as many values as tokens are expected, {count:,}")
    checked: NDArray[Any] = values
    return checked


def special_id(file: ModelFile, name: str, count: int, default: int | None = None) -> int | None:
    """Return a special token's id; an absent key gives the default, where the vocabulary has it."""
    token = file.integer(PREFIX + name, None)
    if token is None:
        return default if default is not None and default < count else None
    if not 0 <= token < count:
        raise file.fail(PREFIX + name, token, f"the vocabulary has {count:,} tokens")
    return int(token)
