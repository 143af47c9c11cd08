# SPDX-License-Identifier: Apache-2.0
"""Models: the ids of a word.

In comes the part "model", out goes a Model with all of its tokens. Refused: kinds other than BPE, Unigram and
WordPiece, and of BPE what no known family has: chance (dropout), marks of words' beginnings and ends in the merges.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from taleproof.tokenizers.algorithms.bpe import in_bytes
from taleproof.tokenizers.algorithms.merge import merge
from taleproof.tokenizers.algorithms.viterbi import Unigram
from taleproof.tokenizers.algorithms.wordpiece import WordPieces
from taleproof.tokenizers.base import CACHED_WORDS
from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.vocabulary import MAX_TOKENS


SPACE = "\u2581"
LONGEST_WORD = 1000
LONGEST_TOKEN = 1 << 10
"""Characters: the longest of known files are runs of a few hundred spaces."""

SHORT = 24
"""Characters of a word up to which it is not worth cutting."""


class Model(Protocol):
    """What gives a word's ids."""

    def encode(self, word: str) -> list[int]:
        """Return the ids of a word, which is not empty."""
        ...


def read_model(part: Part, *, byte_level: bool) -> tuple[Model, dict[str, int]]:
    """Read the part; return the model, and the ids of all tokens.

    Parameters
    ----------
    byte_level : words come as they are, and are to be spelt in characters that stand for bytes.

    Raises
    ------
    FormatError, UnknownTokenizerPartError
    """
    kind = part.text("type", "BPE" if "merges" in part else "")
    if kind == "BPE":
        return _read_bpe(part, byte_level)
    if kind == "Unigram" and not byte_level:
        return _read_unigram(part)
    if kind == "WordPiece" and not byte_level:
        return _read_wordpiece(part)
    return part.unknown("words in bytes" if byte_level and kind in ("Unigram", "WordPiece") else "")


class Bpe:
    """BPE over characters, or over bytes.

    Parameters
    ----------
    ids : by token.
    costs : by "left right", the rank of each merge.
    unknown : the token of what is none; None leaves it out.
    """

    def __init__(
        self,
        ids: Mapping[str, int],
        costs: Mapping[str, int],
        *,
        unknown: str | None = None,
        fuse_unknown: bool = False,
        byte_fallback: bool = False,
        whole_words: bool = False,
        byte_level: bool = False,
    ) -> None:
        self._ids = ids
        self._costs = costs
        self._unknown = unknown
        self._fuse_unknown = fuse_unknown
        self._byte_names = [f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else []
        self._whole_words = whole_words
        self._byte_level = byte_level
        self._word = self._cut_at_spaces()
        self._words: dict[str, list[int]] = {}

    def _cut_at_spaces(self) -> re.Pattern[str] | None:
        """Match a word with its spaces, or be None where a merge crosses the beginning of a word.

        If none does, words can be looked at one by one, and remembered, and the ids are those of the whole.
        """
        crosses = re.compile(f"[^{SPACE}\0 ] ?{SPACE}")
        if SPACE not in self._ids or any(map(crosses.search, (key for key in self._costs if SPACE in key[1:]))):
            return None
        return re.compile(f"{SPACE}*[^{SPACE}]+|{SPACE}+")

    def encode(self, word: str) -> list[int]:
        """Return the ids of a word."""
        if self._byte_level:
            word = in_bytes(word)
        if self._whole_words:
            token = self._ids.get(word)
            if token is not None:
                return [token]
        if self._word is None or len(word) <= SHORT:
            return self._merged(word)
        ids: list[int] = []
        known = self._words
        for part in self._word.findall(word):
            found = known.get(part)
            if found is None:
                found = self._merged(part)
                if len(known) < CACHED_WORDS and len(part) <= SHORT:
                    known[part] = found
            ids += found
        return ids

    def _merged(self, word: str) -> list[int]:
        ids = self._ids
        return [ids[symbol] for symbol in merge(self._symbols(word), self._costs, " ")]

    def _symbols(self, word: str) -> list[str]:
        """Return the tokens that a word begins as."""
        ids = self._ids
        if all(map(ids.__contains__, word)):
            return list(word)
        symbols: list[str] = []
        fused = False  # whether the last symbol is an unknown one that others may join
        for char in word:
            if char in ids:
                symbols.append(char)
                fused = False
                continue
            spelt = [self._byte_names[byte] for byte in char.encode()] if self._byte_names else []
            if spelt and all(map(ids.__contains__, spelt)):
                symbols += spelt
            elif self._unknown is not None and not fused:
                symbols.append(self._unknown)
                fused = self._fuse_unknown
        return symbols


def _read_bpe(part: Part, byte_level: bool) -> tuple[Model, dict[str, int]]:
    flags = ("fuse_unk", "byte_fallback", "ignore_merges")
    affixes = ("continuing_subword_prefix", "end_of_word_suffix")
    part.only("dropout", "unk_token", "vocab", "merges", *affixes, *flags)
    for affix in affixes:
        if part.text(affix, ""):
            part.unknown(affix)
    if "dropout" in part and part.get("dropout", object) != 0:
        part.unknown("dropout")
    ids = _vocabulary(part)
    unknown = part.text("unk_token", "") or None
    if unknown is not None and unknown not in ids:
        raise part.fail("unk_token", unknown, "the vocabulary has no such token")
    fuse, byte_fallback, whole_words = (part.flag(flag, False) for flag in flags)
    costs = _merges(part, ids)
    model = Bpe(
        ids,
        costs,
        unknown=unknown,
        fuse_unknown=fuse,
        byte_fallback=byte_fallback,
        whole_words=whole_words,
        byte_level=byte_level,
    )
    return model, ids


def _merges(part: Part, ids: Mapping[str, int]) -> dict[str, int]:
    """Return the rank of each merge; of one that is listed twice the last counts."""
    costs: dict[str, int] = {}
    for rank, said in enumerate(part.get("merges", list)):  # up to a million
        pair = said.split(" ") if isinstance(said, str) else said
        if not isinstance(pair, list) or len(pair) != 2 or not (isinstance(pair[0], str) and isinstance(pair[1], str)):
            raise part.fail(f"merges[{rank}]", str(said)[:80], "two tokens are expected")
        left, right = pair
        joined = left + right
        if left not in ids or right not in ids or joined not in ids:
            raise part.fail(f"merges[{rank}]", str(said)[:80], "the vocabulary has not all of its tokens")
        if " " in joined or not left or not right:
            part.unknown(f"a merge with a space in it, {joined}")
        costs[f"{left} {right}"] = rank
    return costs


def _vocabulary(part: Part) -> dict[str, int]:
    ids: dict[str, int] = part.get("vocab", dict)
    for token, number in ids.items():
        if type(number) is not int or not 0 <= number < MAX_TOKENS:
            raise part.fail(f"vocab.{token[:80]}", str(number)[:80], f"a number below {MAX_TOKENS:,} is expected")
        if len(token) > LONGEST_TOKEN:
            raise part.fail(f"vocab.{token[:80]}", len(token), f"a token has at most {LONGEST_TOKEN:,} characters")
    return ids


def _read_unigram(part: Part) -> tuple[Model, dict[str, int]]:
    part.only("unk_id", "vocab", "byte_fallback")
    rows: Sequence[object] = part.get("vocab", list)
    if len(rows) > MAX_TOKENS:
        raise part.fail("vocab", len(rows), f"at most {MAX_TOKENS:,} tokens are read")
    pieces: list[tuple[str, int, float]] = []
    for number, row in enumerate(rows):
        if (
            not isinstance(row, list)
            or len(row) != 2
            or not isinstance(row[0], str)
            or type(row[1]) not in (int, float)
        ):
            raise part.fail(f"vocab[{number}]", str(row)[:80], "a token and its score are expected")
        pieces.append((row[0], number, _number(part, number, row[1])))
    if "unk_id" not in part:
        part.unknown("no unk_id")
    unknown = part.count("unk_id", len(pieces) - 1)
    ids = {piece: number for piece, number, _ in pieces}
    byte_ids = [ids.get(f"<0x{byte:02X}>") for byte in range(256)] if part.flag("byte_fallback", False) else None
    lowest = min(score for _, _, score in pieces)
    return Unigram(pieces, lowest, unknown, byte_ids, part.file, f"{part.path}.vocab"), ids


def _number(part: Part, number: int, score: int | float) -> float:
    try:
        return float(score)
    except OverflowError:
        raise part.fail(f"vocab[{number}]", None, "every score must be a finite number") from None


def _read_wordpiece(part: Part) -> tuple[Model, dict[str, int]]:
    part.only("unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab")
    ids = _vocabulary(part)
    unknown = part.text("unk_token", "[UNK]")
    if unknown not in ids:
        raise part.fail("unk_token", unknown, "the vocabulary has no such token")
    continues = part.text("continuing_subword_prefix", "##")
    longest = part.count("max_input_chars_per_word", 1 << 62, 100)
    if longest > LONGEST_WORD:
        part.unknown(f"words of more than {LONGEST_WORD:,} characters")
    return WordPieces(ids, ids[unknown], begins="", continues=continues, longest_word=longest), ids
