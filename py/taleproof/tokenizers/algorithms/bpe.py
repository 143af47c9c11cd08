# SPDX-License-Identifier: Apache-2.0
"""Byte-level BPE, GPT-2's: the bytes of each word, as printable characters, joined by a list of merges.

In comes a ModelFile whose tokenizer.ggml.model is "gpt2". A vocabulary may lack some of the 256 bytes
(SmolLM2's lacks those of a few control characters and of unassigned planes): these are left out, as
llama.cpp does, for there is nothing the model could be given in their place.

Source: Radford et al. (2019), GPT-2's encoder.py; llama.cpp's llm_tokenizer_bpe, whose ids these are.
"""

from functools import cached_property

from taleproof.formats import ModelFile
from taleproof.tokenizers.algorithms.merge import merge
from taleproof.tokenizers.algorithms.pretokenize import PreTokenizer, pre_tokenizer_named
from taleproof.tokenizers.base import BaseTokenizer
from taleproof.tokenizers.vocabulary import PREFIX, Defaults, TokenType, Vocabulary, read_vocabulary


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


def bpe_from_model(file: ModelFile) -> "BpeTokenizer":
    """Return the tokenizer of a GGUF file of kind "gpt2".

    Raises
    ------
    UnknownPreTokenizerError : a way of cutting words that is not implemented.
    FormatError : metadata that is missing or contradicts itself.
    """
    pre_tokenizer = pre_tokenizer_named(file.name, file.text(PREFIX + "pre", ""))
    vocabulary = read_vocabulary(file, Defaults(add_bos=pre_tokenizer.add_bos))
    return BpeTokenizer(vocabulary, file.texts(PREFIX + "merges"), pre_tokenizer)


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
        return [token for word in self._pre_tokenizer.split(text) for token in self._cached(word)]

    def _encode_word(self, word: str) -> list[int]:
        written = in_bytes(word)
        ids = self._ids
        if self._pre_tokenizer.whole_words and written in ids:
            return [ids[written]]
        found: list[int] = []
        for symbol in merge(list(written), self._ranks, " "):
            token = ids.get(symbol)
            if token is not None:
                found.append(token)
            else:
                found.extend(ids[character] for character in symbol if character in ids)
        return found

    def _piece_bytes(self, token: int) -> bytes:
        piece = self._vocabulary.pieces[token]
        if self._vocabulary.types[token] == TokenType.USER_DEFINED:
            return piece.encode()
        return b"".join(TO_BYTE.get(character) or character.encode("utf-8", "replace") for character in piece)
