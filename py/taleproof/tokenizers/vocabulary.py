# SPDX-License-Identifier: Apache-2.0
"""A GGUF file's vocabulary: its metadata, checked, as plain data.

In comes a ModelFile, out goes a Vocabulary. Refused: a missing or empty list of tokens, lists of
different lengths. A special id beyond the list is taken for an absent one, as llama.cpp does.

Source: the GGUF specification's tokenizer keys; llama.cpp's llama-vocab.cpp for what an absent key means
and for the texts of the tokens that end a turn.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taleproof.formats import ModelFile


MAX_TOKENS = 1 << 22
"""The largest vocabularies have some 262,000 tokens."""

MAX_JSON = 40 << 20
"""Bytes of a tokenizer.json: the largest known, Gemma 3's, has some 33 MB."""

PREFIX = "tokenizer.ggml."

LOWERCASE_KEY = PREFIX + "normalizer.lowercase"

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
"""Tokens that end a text or a turn in any format, whatever the metadata says: files often name one of several."""

_GGUF_END_TEXTS = (
    *(text for text in END_TEXTS if text not in ("<|file_sep|>", "<|fim_pad|>", "<|repo_name|>", "<reponame>")),
    *("</s>", "<eos>", "[EOS]", "[EOT]", "_<EOT>", "<\uff5cend\u2581of\u2581sentence\uff5c>", "[e~["),
    *("<|call|>", "<|calls|>", "<|flush|>", "<turn|>", "<|tool_response>"),
)
"""Tokens that llama.cpp ends a text at, by their texts, whatever the file says."""

_DOCUMENT_ENDS = {
    "fim_pad_token_id": ("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
    "fim_rep_token_id": ("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"),
    "fim_sep_token_id": ("<|file_sep|>",),
}
"""Keys of tokens that begin another document, and so end a text; by these texts where the key is absent."""

_SHOWN_TEXTS = ("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>")
"""Tokens that llama.cpp always writes out, whatever their type."""


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
    lstrip, rstrip : tokens that take the white space before them, or after them.
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
    lstrip: frozenset[int] = frozenset()
    rstrip: frozenset[int] = frozenset()

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
    ends = _ends(file, pieces, types)
    more = (special_id(file, key, len(pieces)) for key in ("eot_token_id", "eom_token_id"))
    vocabulary = Vocabulary(
        name=file.name,
        pieces=pieces,
        types=types,
        bos_id=special_id(file, "bos_token_id", len(pieces), defaults.bos_id),
        eos_id=eos_id,
        unknown_id=special_id(file, "unknown_token_id", len(pieces), defaults.unknown_id),
        eos_ids=_without_text(ends | {token for token in (eos_id, *more) if token is not None}, pieces, types),
        add_bos=file.flag(PREFIX + "add_bos_token", defaults.add_bos),
        add_eos=file.flag(PREFIX + "add_eos_token", defaults.add_eos),
    )
    return replace(vocabulary, lstrip=_lstrip(file, vocabulary), rstrip=_rstrip(file, vocabulary))


def _ends(file: ModelFile, pieces: list[str], types: NDArray[np.uint8]) -> set[int]:
    """Return the tokens that end a text by their own text or a document's key; those by text become control tokens."""
    ids = {piece: token for token, piece in reversed(list(enumerate(pieces)))}  # of a text that stands twice, the first
    ends = {ids[text] for text in _GGUF_END_TEXTS if text in ids}
    keyed = set()
    for key, texts in _DOCUMENT_ENDS.items():
        token = special_id(file, key, len(pieces))
        if token is not None:
            keyed.add(token)
        else:
            ends.update(sorted(ids[text] for text in texts if text in ids)[:1])
    types[list(ends)] = TokenType.CONTROL
    types[[ids[text] for text in _SHOWN_TEXTS if text in ids]] = TokenType.USER_DEFINED
    return ends | keyed


def _without_text(ends: set[int], pieces: list[str], types: NDArray[np.uint8]) -> frozenset[int]:
    """Return the tokens that end a text, without those that only end a part of an answer.

    With gpt-oss's or Solar's ends of a turn, "<|end|>" ends a part of it; with Gemma 4's, "</s>" is HTML.
    """
    by_text = {pieces[token]: token for token in ends}
    called = "<|call|>" in by_text or "<|calls|>" in by_text
    parted = called and ("<|return|>" in by_text or "<|flush|>" in by_text)
    for text, kind, other in (
        ("<|end|>", TokenType.USER_DEFINED, parted),
        ("</s>", TokenType.NORMAL, "<|tool_response>" in by_text),
    ):
        if other and text in by_text:
            types[by_text[text]] = kind
            ends = ends - {by_text[text]}
    return frozenset(ends)


def _lstrip(file: ModelFile, vocabulary: Vocabulary) -> frozenset[int]:
    """Return the tokens that take the white space before them. No key says so; llama.cpp goes by names."""
    pre, name = file.text(PREFIX + "pre", ""), file.text("general.name", "").lower()
    mask = ""
    if any(jina in pre for jina in ("jina-v2-de", "jina-v2-es", "jina-v2-code")):
        mask = "<mask>"
    elif "modern-bert" in name:
        mask = "[MASK]"
    return frozenset(token for token, piece in enumerate(vocabulary.pieces) if piece == mask != "")


def _rstrip(file: ModelFile, vocabulary: Vocabulary) -> frozenset[int]:
    """Return the tokens that take the white space after them. No key says so; Phi-3's do, by the model's name."""
    name = file.text("general.name", "").lower()
    if "phi-3" not in name and "phi3" not in name:
        return frozenset()
    special = vocabulary.ids_of(TokenType.CONTROL, TokenType.USER_DEFINED, TokenType.UNKNOWN)
    return frozenset(token for token in special if vocabulary.pieces[token] not in ("<unk>", "<s>", "<|endoftext|>"))


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
    """Return a special token's id; a key that is absent or beyond the vocabulary gives the default, if that is in it.

    Files have such ids where the converter knew no token: 4294967295, or the size of the vocabulary.
    """
    for token in (file.integer(PREFIX + name, None), default):
        if token is not None and 0 <= token < count:
            return int(token)
    return None
