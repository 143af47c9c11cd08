# SPDX-License-Identifier: Apache-2.0
"""llama2.c's tokenizer.bin: pieces with scores, and run.c's rules for using them.

In comes a Blob: the longest piece's length as u32, then for each token its score as f32, its length as
i32 and its bytes. Out comes a tokenizer that gives the ids that run.c gives. The file does not say how
many tokens it has, so the model must; a file with fewer or more is refused, for it belongs to another
model.

Source: https://github.com/karpathy/llama2.c, run.c (encode, decode) and tokenizer.py
"""

import math

import numpy as np

from taleproof.errors import FormatError
from taleproof.io.reader import Blob, ByteReader
from taleproof.tokenizers.algorithms.merge import merge
from taleproof.tokenizers.algorithms.spm import SpmTokenizer
from taleproof.tokenizers.special import Literal
from taleproof.tokenizers.vocabulary import MAX_TOKENS, TokenType, Vocabulary


UNKNOWN, BOS, EOS = 0, 1, 2
FIRST_BYTE = 3  # run.c's rule: byte b is token b + 3
MAX_PIECE_BYTES = 1 << 12


def read_llama2c(blob: Blob, vocab_size: int) -> "Llama2cTokenizer":
    """Return the tokenizer in a tokenizer.bin for a model of ``vocab_size`` tokens.

    Raises
    ------
    FormatError : the file is cut short or too long, or a length or score is impossible.
    """
    pieces, scores = read_pieces(blob, vocab_size)
    return Llama2cTokenizer(_vocabulary(blob.name, pieces), scores)


def read_pieces(blob: Blob, vocab_size: int) -> tuple[list[str], list[float]]:
    """Return the pieces as they are written, those of bytes as "<0xE2>", and their scores."""
    reader = ByteReader(blob)
    reader.limit("vocab_size", vocab_size, MAX_TOKENS, "tokens")
    if vocab_size < FIRST_BYTE:
        raise reader.fail("vocab_size", vocab_size, "the unknown token, BOS and EOS are needed at least")
    reader.u32("max_token_length")
    pieces, scores = [], []
    for token in range(vocab_size):
        score, length = reader.f32(f"score[{token}]"), reader.i32(f"length[{token}]")
        if math.isnan(score):
            raise reader.fail(f"score[{token}]", score, "every score must be a number")
        if not 0 <= length <= MAX_PIECE_BYTES:
            raise reader.fail(f"length[{token}]", length, f"a piece has 0 to {MAX_PIECE_BYTES:,} bytes")
        # A piece that is not UTF-8 keeps its bytes, and never equals anything in a text.
        pieces.append(reader.bytes(length, f"piece[{token}]").decode("utf-8", "surrogateescape"))
        scores.append(score)
    if reader.left:
        raise _too_long(reader, vocab_size)
    return pieces, scores


def _too_long(reader: ByteReader, vocab_size: int) -> FormatError:
    why = f"the file goes on after the {vocab_size:,} tokens of the model, so it is another model's tokenizer"
    return reader.fail("bytes left", reader.left, why)


def _vocabulary(name: str, pieces: list[str]) -> Vocabulary:
    types = np.full(len(pieces), TokenType.NORMAL, np.uint8)
    types[UNKNOWN] = TokenType.UNKNOWN
    types[[BOS, EOS]] = TokenType.CONTROL
    return Vocabulary(
        name=name,
        pieces=pieces,
        types=types,
        bos_id=BOS,
        eos_id=EOS,
        unknown_id=UNKNOWN,
        # In the training data BOS stands between the stories, so run.c stops at it.
        eos_ids=frozenset((BOS, EOS)),
        add_bos=True,
        add_eos=False,
    )


class Llama2cTokenizer(SpmTokenizer):
    """run.c's variety of the SentencePiece family: a space is a space, and bytes are found by their place."""

    def __init__(self, vocabulary: Vocabulary, scores: list[float]) -> None:
        super().__init__(vocabulary, scores, space=" ")

    def encode(
        self, text: str, *, add_bos: bool | None = None, parse_special: bool = False, literal: Literal = ()
    ) -> list[int]:
        """Return the ids of a text; run.c does not look for special tokens in it."""
        return super().encode(text, add_bos=add_bos, parse_special=False)

    def _encode_word(self, word: str) -> list[int]:
        # run.c looks pieces up as they are written, so those of bytes join as "<0xE2>" would: hardly ever.
        symbols: list[str] = []
        for character in word:
            if character in self._ids:
                symbols.append(character)
            else:
                symbols.extend(self._vocabulary.pieces[token] for token in self._spelt(character))
        return [self._ids[symbol] for symbol in merge(symbols, self._costs)]

    def _spelt(self, symbol: str) -> list[int]:
        byte_ids = [FIRST_BYTE + byte for byte in symbol.encode("utf-8")]
        return [token if token < self.vocab_size else UNKNOWN for token in byte_ids]
