# SPDX-License-Identifier: Apache-2.0
"""WordPiece, BERT's: words in small letters without accents, each cut into the longest pieces that the vocabulary has.

In comes a ModelFile whose tokenizer.ggml.model is "bert". As GGUF writes them, pieces that begin a word begin with "▁",
and those that go on have no mark; WordPieces takes either way.

Source: Devlin et al. 2018 (arXiv 1810.04805) and its tokenization.py; Hugging Face's BertNormalizer and
BertPreTokenizer, whose ids these are.
"""

from collections.abc import Callable, Mapping

from taleproof.formats import ModelFile
from taleproof.tokenizers.base import BaseTokenizer
from taleproof.tokenizers.unicode.characters import SPACES, CharTable, char_class, lowercased
from taleproof.tokenizers.unicode.normal_forms import normalized
from taleproof.tokenizers.vocabulary import LOWERCASE_KEY, PREFIX, Defaults, Vocabulary, read_vocabulary


WORD_START = "▁"

LONGEST_WORD = 100
"""Characters of a word beyond which it is not looked at: it becomes the unknown token."""


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


class WordPieces:
    """A vocabulary of WordPiece.

    Parameters
    ----------
    ids : by piece.
    begins, continues : what is written before a piece that begins a word, and before one that goes on.
    longest_word : characters of a word beyond which it is unknown.
    """

    def __init__(
        self, ids: Mapping[str, int], unknown: int, *, begins: str, continues: str, longest_word: int = LONGEST_WORD
    ) -> None:
        self._ids = ids
        self._unknown = unknown
        self._begins = begins
        self._continues = continues
        self._longest_word = longest_word
        self._longest = max(map(len, ids), default=0)

    def encode(self, word: str) -> list[int]:
        """Return the ids of a word; those of one that can't be cut are the unknown token alone."""
        if len(word) > self._longest_word:
            return [self._unknown]
        found: list[int] = []
        start, mark = 0, self._begins
        while start < len(word):
            for end in range(min(len(word), start + self._longest), start, -1):
                token = self._ids.get(mark + word[start:end])
                if token is not None:
                    break
            else:
                return [self._unknown]
            found.append(token)
            start, mark = end, self._continues
        return found


class WordPieceTokenizer(BaseTokenizer):
    """A WordPiece tokenizer.

    Parameters
    ----------
    lowercase : take the text in small letters, without accents.
    """

    def __init__(self, vocabulary: Vocabulary, unknown: int, *, lowercase: bool) -> None:
        super().__init__(vocabulary)
        ids = {piece: token for token, piece in enumerate(vocabulary.pieces)}
        self._pieces = WordPieces(ids, unknown, begins=WORD_START, continues="")
        self._normal = bert_normal(clean=True, chinese_apart=True, strip_accents=lowercase, lowercase=lowercase)

    def _encode_plain(self, text: str, at_start: bool) -> list[int]:
        return [token for word in bert_words(self._normal(text)) for token in self._cached(word)]

    def _encode_word(self, word: str) -> list[int]:
        return self._pieces.encode(word)

    def _piece_bytes(self, token: int) -> bytes:
        return self._vocabulary.pieces[token].replace(WORD_START, " ").encode("utf-8", "replace")


def bert_normal(*, clean: bool, chinese_apart: bool, strip_accents: bool, lowercase: bool) -> Callable[[str], str]:
    """Return how BERT writes a text before it is cut.

    Parameters
    ----------
    clean : take any space for a space, and leave out what is not to be seen.
    chinese_apart : make a word of each ideograph: of Chinese, not what Japanese or Korean spell sounds with.
    """
    steps: list[Callable[[str], str]] = []
    if clean:
        steps.append(lambda text: text.translate(_CLEAN))
    if chinese_apart:
        steps.append(lambda text: text if text.isascii() else text.translate(_APART))
    if strip_accents:
        steps.append(_without_accents)
    if lowercase:
        steps.append(lowercased)

    def normal(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return normal


def bert_words(text: str) -> list[str]:
    """Cut at spaces, and set every punctuation mark apart."""
    return list(filter(None, text.translate(_MARKS_APART).split(" ")))


def _without_accents(text: str) -> str:
    return text if text.isascii() else normalized("NFD", text).translate(_ACCENTS)


def _clean(char: str) -> str:
    return " " if char in char_class("space") else "" if char in char_class("unseen") else char


def _mark_apart(char: str) -> str:
    return f" {char} " if char in char_class("bert_punctuation") else " " if char in SPACES else char


_CLEAN = CharTable(_clean)
_APART = CharTable(lambda char: f" {char} " if char in char_class("ideograph") else char)
_ACCENTS = CharTable(lambda char: "" if char in char_class("accent") else char)
_MARKS_APART = CharTable(_mark_apart)
