"""WordPiece, BERT's: words in small letters without accents, each cut into the longest pieces that the vocabulary has.

In comes a ModelFile whose tokenizer.ggml.model is "bert". As GGUF writes them, pieces that begin a word begin with "▁",
and those that go on have no mark.

Source: Devlin et al. 2018 (arXiv 1810.04805) and its tokenization.py; Hugging Face's BertNormalizer and
BertPreTokenizer, whose ids these are.
"""

import unicodedata
from functools import cached_property

from ..formats import ModelFile
from .base import BaseTokenizer
from .vocabulary import PREFIX, Defaults, Vocabulary, read_vocabulary


WORD_START = "▁"

LONGEST_WORD = 100
"""Characters of a word beyond which it is not looked at: it becomes the unknown token."""

LOWERCASE_KEY = PREFIX + "normalizer.lowercase"

_IDEOGRAPHS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F)),
    *((0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)
"""What BERT takes for a word by itself: characters of Chinese, not those of Japanese or Korean that spell sounds."""


def wordpiece_from_model(file: ModelFile) -> "WordPieceTokenizer":
    """Return the tokenizer of a GGUF file of kind "bert".

    Raises
    ------
    FormatError : metadata that is missing or contradicts itself.
    """
    vocabulary = read_vocabulary(file, Defaults(bos_id=101, eos_id=102, unknown_id=100, add_bos=True, add_eos=True))
    if vocabulary.unknown_id is None:
        raise file.fail(PREFIX + "unknown_token_id", None, "this key is needed and is missing")
    return WordPieceTokenizer(vocabulary, vocabulary.unknown_id, lowercase=file.flag(LOWERCASE_KEY, True))


class WordPieceTokenizer(BaseTokenizer):
    """A WordPiece tokenizer.

    Parameters
    ----------
    lowercase : take the text in small letters, without accents.
    """

    def __init__(self, vocabulary: Vocabulary, unknown: int, *, lowercase: bool) -> None:
        super().__init__(vocabulary)
        self._unknown = unknown
        self._lowercase = lowercase

    @cached_property
    def _ids(self) -> dict[str, int]:
        pieces = self._vocabulary.pieces
        return dict(zip(pieces, range(len(pieces)), strict=True))

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._vocabulary.pieces))

    def _encode_plain(self, text: str, at_start: bool) -> list[int]:
        return [token for word in _words(self._normal(text)) for token in self._cached(word)]

    def _normal(self, text: str) -> str:
        cleaned = "".join(map(_clean, text))
        if not self._lowercase:
            return cleaned
        apart = unicodedata.normalize("NFD", cleaned)
        # Letter by letter: at a word's end str.lower would write another sigma.
        return "".join(char.lower() for char in apart if unicodedata.category(char) != "Mn")

    def _encode_word(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD:
            return [self._unknown]
        ids, found, rest = self._ids, [], WORD_START + word
        while rest:
            for end in range(min(len(rest), self._longest), 0, -1):
                token = ids.get(rest[:end])
                if token is not None:
                    break
            else:
                return [self._unknown]
            found.append(token)
            rest = rest[end:]
        return found

    def _piece_bytes(self, token: int) -> bytes:
        return self._vocabulary.pieces[token].replace(WORD_START, " ").encode("utf-8", "replace")


def _clean(char: str) -> str:
    """Return what a character is read as: a space for any space, nothing for what is not to be seen."""
    if char in "\t\n\r" or char.isspace():
        return " "
    code = ord(char)
    if code in (0, 0xFFFD) or unicodedata.category(char).startswith("C"):
        return ""
    return f" {char} " if any(first <= code <= last for first, last in _IDEOGRAPHS) else char


def _words(text: str) -> list[str]:
    """Cut at spaces, and set every punctuation mark apart."""
    return "".join(f" {char} " if _is_punctuation(char) else char for char in text).split()


def _is_punctuation(char: str) -> bool:
    ascii_mark = char.isascii() and char.isprintable() and not char.isalnum() and char != " "
    return ascii_mark or unicodedata.category(char).startswith("P")
