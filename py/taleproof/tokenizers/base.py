# SPDX-License-Identifier: Apache-2.0
"""What all tokenizers share: special tokens, BOS and EOS, decoding, and text that is not quite Unicode.

A family adds two things: the ids of a text without special tokens, and the bytes of one piece.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

from taleproof.errors import UnknownTokenError
from taleproof.tokenizers.special import Literal, SpecialTokens
from taleproof.tokenizers.vocabulary import TokenType, Vocabulary


CACHED_WORDS = 20_000
"""Words whose ids are remembered: about the vocabulary of a long novel, a few megabytes."""

CACHED_WORD_LENGTH = 64

_WHITE = " \t\n\v\f\r"
"""What special tokens of GGUF files take with them: C's isspace."""

BEGINNING = -1
"""Stands for the token before the first one, where a text is known to begin with it."""


def well_formed(text: str) -> str:
    """Return a text that UTF-8 can carry: surrogate pairs joined, a lone surrogate replaced by U+FFFD.

    This is what a browser's TextEncoder does, so that a text from the page means the same here.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class BaseTokenizer(ABC):
    """A tokenizer less its family's two parts."""

    _before_first: int | None = None  # what decode takes to be before the first token

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._silent = frozenset(vocabulary.ids_of(TokenType.CONTROL, TokenType.UNKNOWN))
        self._words: dict[str, list[int]] = {}
        self._bytes: dict[int, bytes] = {}

    @property
    def vocab_size(self) -> int:
        """Return the number of tokens."""
        return len(self._vocabulary.pieces)

    @property
    def bos_id(self) -> int | None:
        """Return the token that begins a text; None if the model has none."""
        return self._vocabulary.bos_id

    @property
    def eos_ids(self) -> frozenset[int]:
        """Return every token that ends a text or a turn."""
        return self._vocabulary.eos_ids

    @property
    def add_bos(self) -> bool:
        """Return the model's own rule whether BOS begins every text."""
        return self._vocabulary.add_bos

    @property
    def bos_token(self) -> str:
        """Return the text of the BOS token; empty if there is none."""
        return self._text_of(self._vocabulary.bos_id)

    @property
    def eos_token(self) -> str:
        """Return the text of the EOS token; empty if there is none."""
        return self._text_of(self._vocabulary.eos_id)

    def _text_of(self, token: int | None) -> str:
        return "" if token is None else self._vocabulary.pieces[token]

    def encode(
        self, text: str, *, add_bos: bool | None = None, parse_special: bool = True, literal: Literal = ()
    ) -> list[int]:
        """Return the ids of a text; see Tokenizer.encode."""
        vocabulary = self._vocabulary
        ids: list[int] = []
        if vocabulary.bos_id is not None and (vocabulary.add_bos if add_bos is None else add_bos):
            ids.append(vocabulary.bos_id)
        at_start = True  # of the text, or after a special token
        finder = self._special if parse_special else self._user_defined
        parts = list(finder.split(well_formed(text), literal, self._text_tokens))
        for before, part, after in zip([None, *parts], parts, [*parts[1:], None], strict=False):
            if isinstance(part, int):
                ids.append(part)
                at_start = True
                continue
            if after in vocabulary.lstrip:
                part = part.rstrip(_WHITE)
            if before in vocabulary.rstrip:
                part = part.lstrip(_WHITE)
            if part:
                ids.extend(self._encode_plain(part, at_start))
                at_start = False
        if add_bos is None and vocabulary.add_eos and vocabulary.eos_id is not None:
            ids.append(vocabulary.eos_id)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; broken UTF-8 becomes U+FFFD."""
        before = (self._before_first, *ids)
        raw = b"".join(self.token_bytes(token, after=last) for token, last in zip(ids, before, strict=False))
        return raw.decode("utf-8", "replace")

    def token_bytes(self, token: int, *, after: int | None = None) -> bytes:
        """Return the bytes of one token; see Tokenizer.token_bytes.

        Raises
        ------
        UnknownTokenError : the vocabulary has no such token.
        """
        found = self._bytes.get(token)
        if found is None:
            if not 0 <= token < self.vocab_size:
                raise UnknownTokenError(token, self.vocab_size)
            found = b"" if token in self._silent else self._piece_bytes(token)
            self._bytes[token] = found
        return found

    @cached_property
    def _special(self) -> SpecialTokens:
        return self._finder(TokenType.CONTROL, TokenType.UNKNOWN, TokenType.USER_DEFINED)

    @cached_property
    def _text_tokens(self) -> frozenset[int]:
        """Special tokens that are text: found in literal text too, unless they end a text."""
        return frozenset(self._vocabulary.ids_of(TokenType.USER_DEFINED)) - self.eos_ids

    @cached_property
    def _user_defined(self) -> SpecialTokens:
        return self._finder(TokenType.USER_DEFINED)

    def _finder(self, *types: TokenType) -> SpecialTokens:
        pieces = self._vocabulary.pieces
        return SpecialTokens((pieces[token], token) for token in self._vocabulary.ids_of(*types))

    def _cached(self, word: str) -> list[int]:
        """Return a word's ids, from memory where it has been met before."""
        ids = self._words.get(word)
        if ids is None:
            ids = self._encode_word(word)
            if len(self._words) < CACHED_WORDS and len(word) <= CACHED_WORD_LENGTH:
                self._words[word] = ids
        return ids

    @abstractmethod
    def _encode_plain(self, text: str, at_start: bool) -> list[int]:
        """Return the ids of a text without special tokens in it.

        Parameters
        ----------
        at_start : it begins the whole text, or follows a special token.
        """

    @abstractmethod
    def _encode_word(self, word: str) -> list[int]:
        """Return the ids of a part of a text that no token crosses."""

    @abstractmethod
    def _piece_bytes(self, token: int) -> bytes:
        """Return the bytes of a token that is not a control token."""
