# SPDX-License-Identifier: Apache-2.0
"""BPE by a list of merges: GPT-2's, of the bytes of each word as printable characters, and that of the characters.

In comes a ModelFile whose tokenizer.ggml.model is "gpt2", "gemma4" or "whitespace". A vocabulary may lack some of the
256 bytes (SmolLM2's lacks those of a few control characters and of unassigned planes): these are left out, as
llama.cpp does, for there is nothing the model could be given in their place.

Source: Radford et al. (2019), GPT-2's encoder.py; llama.cpp's llm_tokenizer_bpe, whose ids these are.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from taleproof.formats import ModelFile
from taleproof.tokenizers.algorithms.merge import merge
from taleproof.tokenizers.algorithms.pretokenize import PreTokenizer, pre_tokenizer_named
from taleproof.tokenizers.algorithms.spm import BYTE_PIECE
from taleproof.tokenizers.base import BaseTokenizer
from taleproof.tokenizers.unicode.characters import SPACES, lowercased
from taleproof.tokenizers.vocabulary import (
    LOWERCASE_KEY,
    PREFIX,
    Defaults,
    TokenType,
    Vocabulary,
    read_vocabulary,
)


def _byte_characters() -> list[str]:
    """Return the character that stands for each byte: itself if printable, else one from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


_CHARACTERS = _byte_characters()
_TO_CHARACTER = dict(enumerate(_CHARACTERS))  # for str.translate, by code point
TO_BYTE = {character: bytes([byte]) for byte, character in enumerate(_CHARACTERS)}


def in_bytes(word: str) -> str:
    """Return a text with a printable character for each of its bytes."""
    return word.encode("utf-8").decode("latin-1").translate(_TO_CHARACTER)


def bpe_from_model(file: ModelFile, kind: str) -> "BpeTokenizer":
    """Return the tokenizer of a GGUF file.

    Parameters
    ----------
    kind : "gpt2"; "gemma4", whose pre-tokenizer need not be named; or "whitespace", where no token has white space.

    Raises
    ------
    UnknownPreTokenizerError : a way of cutting words that is not implemented.
    FormatError : metadata that is missing or contradicts itself.
    """
    pre_tokenizer = pre_tokenizer_named(file.name, kind if kind == "gemma4" else file.text(PREFIX + "pre", ""))
    vocabulary = read_vocabulary(file, Defaults(add_bos=pre_tokenizer.add_bos))
    if pre_tokenizer.always_bos:
        vocabulary = replace(vocabulary, add_bos=True)
    merges = file.texts(PREFIX + "merges")
    if kind == "whitespace":
        return WhiteSpaceTokenizer(vocabulary, merges, pre_tokenizer, lowercase=file.flag(LOWERCASE_KEY, False))
    return (BpeTokenizer if pre_tokenizer.in_bytes else CharacterBpeTokenizer)(vocabulary, merges, pre_tokenizer)


class BpeTokenizer(BaseTokenizer):
    """A byte-level BPE tokenizer.

    Parameters
    ----------
    merges : pairs that may be joined, "left right", the best first.
    """

    def __init__(self, vocabulary: Vocabulary, merges: list[str], pre_tokenizer: PreTokenizer) -> None:
        super().__init__(vocabulary)
        self._merges = merges
        self._pre_tokenizer = pre_tokenizer

    @cached_property
    def _ids(self) -> dict[str, int]:
        pieces = self._vocabulary.pieces
        return dict(zip(pieces, range(len(pieces)), strict=True))

    @cached_property
    def _ranks(self) -> dict[str, float]:
        # Of a pair that is listed twice the first rank counts, so the list is read from its end.
        last = len(self._merges) - 1
        return dict(zip(reversed(self._merges), range(last, -1, -1), strict=True))

    def _encode_plain(self, text: str, at_start: bool) -> list[int]:
        text = text.replace(" ", self._pre_tokenizer.space)
        return [token for word in self._pre_tokenizer.split(text) for token in self._cached(word)]

    def _encode_word(self, word: str) -> list[int]:
        written = self._written(word)
        ids = self._ids
        if written in ids and self._taken_at_once(word):
            return [ids[written]]
        found: list[int] = []
        for symbol in merge(list(written), self._ranks, " "):
            token = ids.get(symbol)
            if token is not None:
                found.append(token)
            else:
                found.extend(ids[part] for part in self._spelt(symbol) if part in ids)
        return found

    def _taken_at_once(self, word: str) -> bool:
        """Return whether a word that is a token stays whole, whatever its merges would give."""
        return self._pre_tokenizer.whole_words or (self._pre_tokenizer.whole_lines and not word.strip("\n"))

    def _written(self, word: str) -> str:
        """Return a word as the vocabulary writes it."""
        return in_bytes(word)

    def _spelt(self, symbol: str) -> Iterable[str]:
        """Return the tokens for the bytes of what is no token."""
        return symbol

    def _piece_bytes(self, token: int) -> bytes:
        piece = self._vocabulary.pieces[token]
        if self._vocabulary.types[token] == TokenType.USER_DEFINED:
            return piece.encode()
        return b"".join(TO_BYTE.get(character) or character.encode("utf-8", "replace") for character in piece)


class CharacterBpeTokenizer(BpeTokenizer):
    """A BPE tokenizer whose vocabulary writes words as they are, with tokens such as <0x0A> for bytes."""

    def _written(self, word: str) -> str:
        return word

    def _spelt(self, symbol: str) -> Iterable[str]:
        return (f"<0x{byte:02X}>" for byte in symbol.encode("utf-8"))

    def _piece_bytes(self, token: int) -> bytes:
        piece = self._vocabulary.pieces[token]
        byte = BYTE_PIECE.fullmatch(piece)
        if byte and self._vocabulary.types[token] == TokenType.BYTE:
            return bytes.fromhex(byte[1])
        if self._vocabulary.types[token] != TokenType.USER_DEFINED:
            piece = piece.replace(self._pre_tokenizer.space, " ")
        return piece.encode("utf-8", "surrogateescape")


class WhiteSpaceTokenizer(CharacterBpeTokenizer):
    """A BPE tokenizer that leaves out white space.

    Parameters
    ----------
    lowercase : take the text in small letters.
    """

    def __init__(
        self, vocabulary: Vocabulary, merges: list[str], pre_tokenizer: PreTokenizer, *, lowercase: bool
    ) -> None:
        super().__init__(vocabulary, merges, pre_tokenizer)
        self._lowercase = lowercase

    def _encode_plain(self, text: str, at_start: bool) -> list[int]:
        ids: list[int] = []
        for word in re.split(f"[{SPACES}]+", lowercased(text) if self._lowercase else text):
            ids += super()._encode_plain(word, at_start)
        return ids
