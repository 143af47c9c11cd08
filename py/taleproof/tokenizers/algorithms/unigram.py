# SPDX-License-Identifier: Apache-2.0
"""T5's tokenizer: characters written as its table says, spaces as U+2581, then the most probable pieces.

In comes a ModelFile whose tokenizer.ggml.model is "t5". Refused: vocabularies that mark the end of a word instead of
its beginning, which no model of a known family has.

Source: SentencePiece, its unigram mode and its normalizer; llama.cpp's llm_tokenizer_ugm for what the keys mean.
"""

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from taleproof.errors import UnknownTokenizerPartError
from taleproof.formats import ModelFile
from taleproof.tokenizers.algorithms.spm import BYTE_PIECE, SPACE
from taleproof.tokenizers.algorithms.viterbi import Unigram
from taleproof.tokenizers.base import BEGINNING, BaseTokenizer
from taleproof.tokenizers.unicode.charsmap import CharsMap, read_charsmap
from taleproof.tokenizers.vocabulary import (
    PREFIX,
    Defaults,
    TokenType,
    Vocabulary,
    per_token,
    read_vocabulary,
    special_id,
)


CHARSMAP_KEY = PREFIX + "precompiled_charsmap"

_EXACT_BITS = 30
_EXACT_SUM = 1 << 53 - _EXACT_BITS
"""Sums of scores that are multiples of 2**-30 are exact up to here, in whatever order they are added."""


def unigram_from_model(file: ModelFile) -> "UnigramTokenizer":
    """Return the tokenizer of a GGUF file of kind "t5".

    Raises
    ------
    FormatError : metadata that is missing or contradicts itself.
    UnknownTokenizerPartError : the marks of spaces come after the words.
    """
    vocabulary = read_vocabulary(file, Defaults(eos_id=1, unknown_id=2, add_eos=True))
    if file.flag(PREFIX + "treat_whitespace_as_suffix", False):
        raise UnknownTokenizerPartError(file.name, "its mark of a space after each word")
    if vocabulary.unknown_id is None:
        raise file.fail(PREFIX + "unknown_token_id", None, "this key is needed and is missing")
    given = per_token(file, "scores", len(vocabulary.pieces))
    if given is None:
        raise file.fail(PREFIX + "scores", None, "this key is needed and is missing")
    return UnigramTokenizer(
        vocabulary,
        given.astype(np.float64).tolist(),
        vocabulary.unknown_id,
        charsmap=_charsmap(file),
        add_space_prefix=file.flag(PREFIX + "add_space_prefix", True),
        remove_extra_whitespaces=file.flag(PREFIX + "remove_extra_whitespaces", True),
        space=SPACE if file.flag(PREFIX + "escape_whitespaces", True) else " ",
        beginnings=(vocabulary.bos_id, special_id(file, "padding_token_id", len(vocabulary.pieces), 0)),
    )


def _charsmap(file: ModelFile) -> CharsMap | None:
    values = file.numbers(CHARSMAP_KEY, None)
    if values is None or values.size == 0:
        return None
    if values.dtype.itemsize != 1:
        raise file.fail(CHARSMAP_KEY, str(values.dtype), "bytes are expected")
    return read_charsmap(values.tobytes(), file.name, CHARSMAP_KEY)


class UnigramTokenizer(BaseTokenizer):
    """A tokenizer of T5's kind.

    Parameters
    ----------
    scores : by id.
    charsmap : how characters are written; None leaves them as they are.
    add_space_prefix : put a space before the text, and before what follows a special token.
    remove_extra_whitespaces : trim the text, and make one space of several.
    space : how the pieces write a space.
    beginnings : tokens after which a text begins, so that its first space was put there.
    """

    _before_first = BEGINNING

    def __init__(
        self,
        vocabulary: Vocabulary,
        scores: list[float],
        unknown: int,
        *,
        charsmap: CharsMap | None = None,
        add_space_prefix: bool = True,
        remove_extra_whitespaces: bool = True,
        space: str = SPACE,
        beginnings: Sequence[int | None] = (),
    ) -> None:
        super().__init__(vocabulary)
        self._scores = scores
        self._unknown = unknown
        self._charsmap = charsmap
        self._add_space_prefix = add_space_prefix
        self._remove_extra_whitespaces = remove_extra_whitespaces
        self._space = space
        self._beginnings = {BEGINNING, *beginnings} - {None}
        self._unigram = self._of_pieces(vocabulary, scores)

    def _of_pieces(self, vocabulary: Vocabulary, scores: list[float]) -> Unigram:
        normal = vocabulary.ids_of(TokenType.NORMAL)
        found = vocabulary.ids_of(TokenType.NORMAL, TokenType.USER_DEFINED, TokenType.UNUSED)
        free = set(vocabulary.ids_of(TokenType.USER_DEFINED))
        return Unigram(
            ((vocabulary.pieces[token], token, 0.0 if token in free else scores[token]) for token in found),
            min((scores[token] for token in normal), default=0.0),
            self._unknown,
            self._byte_ids(),
            vocabulary.name,
            PREFIX + "scores",
        )

    def _byte_ids(self) -> list[int | None] | None:
        pieces = self._vocabulary.pieces
        tokens = self._vocabulary.ids_of(TokenType.BYTE)
        named = {int(byte[1], 16): token for token in tokens if (byte := BYTE_PIECE.fullmatch(pieces[token]))}
        return [named.get(byte) for byte in range(256)] if tokens else None

    @cached_property
    def _word(self) -> re.Pattern[str] | None:
        """Match a word with its spaces, or be None where the best cut of words one by one might not be that of all.

        It is where no piece has a space after another character, and sums of scores are exact in any order.
        """
        pieces, scores = self._vocabulary.pieces, np.array(self._scores) * 2.0**_EXACT_BITS
        joined = "\0".join(pieces)
        if joined.count("\0") >= len(pieces) or re.search(f"[^\0{self._space}]{self._space}", joined):
            return None
        if self._space not in self._unigram or (scores != np.rint(scores)).any():
            return None
        return re.compile(f"{self._space}*[^{self._space}]+|{self._space}+")

    @cached_property
    def _longest_exact(self) -> int:
        """How many characters may be summed up exactly, none of which costs more than an unknown one."""
        return int(_EXACT_SUM / (max(map(abs, self._scores)) + 11))

    def _encode_plain(self, text: str, at_start: bool) -> list[int]:
        if self._charsmap is not None:
            text = self._charsmap.longest(text)
        if self._remove_extra_whitespaces:
            text = " ".join(filter(None, text.split(" ")))
        if self._add_space_prefix and at_start and text:
            text = " " + text
        text = text.replace(" ", self._space)
        words = self._word.findall(text) if self._word and len(text) < self._longest_exact else [text]
        return [token for word in words for token in self._cached(word)]

    def _encode_word(self, word: str) -> list[int]:
        return self._unigram.encode(word)

    def token_bytes(self, token: int, *, after: int | None = None) -> bytes:
        """Return the bytes of one token; where a text begins without the space that was put before it."""
        found = super().token_bytes(token, after=after)
        if self._add_space_prefix and after in self._beginnings and found.startswith(b" "):
            return found[1:]
        return found

    def _piece_bytes(self, token: int) -> bytes:
        piece = self._vocabulary.pieces[token]
        byte = BYTE_PIECE.fullmatch(piece)
        if byte and self._vocabulary.types[token] == TokenType.BYTE:
            return bytes.fromhex(byte[1])
        return piece.replace(self._space, " ").encode("utf-8", "replace")
