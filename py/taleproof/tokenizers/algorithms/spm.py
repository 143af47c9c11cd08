# SPDX-License-Identifier: Apache-2.0
"""SentencePiece-style tokenizers: pairs joined by the score of the piece they make, and bytes for the rest.

In comes a ModelFile whose tokenizer.ggml.model is "llama". Spaces are written as U+2581 in the pieces,
and a space is put before the text if the model says so. A character that is not in the vocabulary is
spelt with the <0xXX> tokens.

Source: SentencePiece (Kudo and Richardson, 2018), BPE mode; llama.cpp's llm_tokenizer_spm, whose ids
these are.
"""

import re
from functools import cached_property

import numpy as np

from taleproof.formats import ModelFile
from taleproof.tokenizers.algorithms.merge import merge
from taleproof.tokenizers.base import BaseTokenizer
from taleproof.tokenizers.vocabulary import PREFIX, Defaults, TokenType, Vocabulary, per_token, read_vocabulary


SPACE = "\u2581"
BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def spm_from_model(file: ModelFile) -> "SpmTokenizer":
    """Return the tokenizer of a GGUF file of kind "llama".

    Raises
    ------
    FormatError : metadata that is missing or contradicts itself.
    """
    vocabulary = read_vocabulary(file, Defaults(bos_id=1, eos_id=2, unknown_id=0, add_bos=True))
    given = per_token(file, "scores", len(vocabulary.pieces))
    scores = np.zeros(len(vocabulary.pieces)) if given is None else given.astype(np.float64)
    if np.isnan(scores).any():
        raise file.fail(PREFIX + "scores", "NaN", "every score must be a number")
    return SpmTokenizer(
        vocabulary,
        scores.tolist(),
        add_space_prefix=file.flag(PREFIX + "add_space_prefix", True),
        remove_extra_whitespaces=file.flag(PREFIX + "remove_extra_whitespaces", False),
    )


class SpmTokenizer(BaseTokenizer):
    """A tokenizer of the SentencePiece family.

    Parameters
    ----------
    scores : by id; of two pairs the one whose piece has the higher score is joined first.
    add_space_prefix : put a space before the text, and before what follows a special token.
    remove_extra_whitespaces : trim the text, and make one space of several.
    space : how the pieces write a space.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        scores: list[float],
        *,
        add_space_prefix: bool = True,
        remove_extra_whitespaces: bool = False,
        space: str = SPACE,
    ) -> None:
        super().__init__(vocabulary)
        self._scores = scores
        self._add_space_prefix = add_space_prefix
        self._remove_extra_whitespaces = remove_extra_whitespaces
        self._space = space

    @cached_property
    def _ids(self) -> dict[str, int]:
        pieces = self._vocabulary.pieces
        return dict(zip(pieces, range(len(pieces)), strict=True))

    @cached_property
    def _costs(self) -> dict[str, float]:
        return {piece: -score for piece, score in zip(self._vocabulary.pieces, self._scores, strict=True)}

    @cached_property
    def _byte_ids(self) -> list[int | None]:
        return [self._ids.get(f"<0x{byte:02X}>", self._vocabulary.unknown_id) for byte in range(256)]

    @cached_property
    def _word(self) -> re.Pattern[str] | None:
        """Match a word with its spaces, or be None where a piece has a space after another character.

        If no piece does, then no join crosses the beginning of a word: words can be split one by one, and
        remembered, and the ids are those of the whole.
        """
        pieces = self._vocabulary.pieces
        joined = "\0".join(pieces)
        if joined.count("\0") >= len(pieces) or re.search(f"[^\0{self._space}]{self._space}", joined):
            return None
        return re.compile(f"{self._space}*[^{self._space}]+|{self._space}+")

    def _encode_plain(self, text: str, at_start: bool) -> list[int]:
        if self._remove_extra_whitespaces:
            text = " ".join(filter(None, text.split(" ")))
        if self._add_space_prefix and at_start:
            text = " " + text
        text = text.replace(" ", self._space)
        words = self._word.findall(text) if self._word else [text]
        return [token for word in words for token in self._cached(word)]

    def _encode_word(self, word: str) -> list[int]:
        ids: list[int] = []
        for symbol in merge(list(word), self._costs):
            token = self._ids.get(symbol)
            if token is not None:
                ids.append(token)
            else:
                ids.extend(self._spelt(symbol))
        return ids

    def _spelt(self, symbol: str) -> list[int]:
        """Return the byte tokens of a character that has no piece."""
        ids = (self._byte_ids[byte] for byte in symbol.encode("utf-8"))
        return [token for token in ids if token is not None]

    def token_bytes(self, token: int, *, after: int | None = None) -> bytes:
        """Return the bytes of one token; right after BOS without the space that was put before the text."""
        found = super().token_bytes(token, after=after)
        if self._add_space_prefix and after is not None and after == self.bos_id and found.startswith(b" "):
            return found[1:]
        return found

    def _piece_bytes(self, token: int) -> bytes:
        piece = self._vocabulary.pieces[token]
        byte = BYTE_PIECE.fullmatch(piece)
        if byte and self._vocabulary.types[token] != TokenType.USER_DEFINED:
            return bytes.fromhex(byte[1])
        return piece.replace(self._space, " ").encode("utf-8", "surrogateescape")
