# SPDX-License-Identifier: Apache-2.0
"""Unigram of GGUF's kind "t5": SentencePiece's ids and texts, a plain search for the best cut, hostile tables."""

import base64
import itertools
import json
import struct
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.odd_texts import ODD_TEXTS
from taleproof.errors import FormatError, UnknownTokenizerPartError
from taleproof.tokenizers import Tokenizer, from_model
from taleproof.tokenizers.algorithms.viterbi import MAX_PIECE, Unigram
from taleproof.tokenizers.unicode.charsmap import MAX_BYTES, read_charsmap
from vocabularies import model_file


GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "unigram_golden.json").read_text(encoding="utf-8")
)["variants"]
CHARSMAP = base64.b64decode(GOLDEN["t5"]["charsmap"])
TEXT = st.one_of(
    st.text(), st.lists(st.sampled_from([" ", "  ", "Alice", "é", "漢", "the", "e\u0301", "\n"])).map("".join)
)


def metadata(variant: str, **changes: Any) -> dict[str, Any]:
    """Return the metadata of a "t5" tokenizer, as converters write it."""
    said = GOLDEN[variant]
    keys = {
        "model": "t5",
        "tokens": said["pieces"],
        "scores": np.array(said["scores"], np.float32),
        "token_type": np.array(said["types"], np.int32),
        "precompiled_charsmap": np.frombuffer(base64.b64decode(said["charsmap"]), np.uint8),
        "add_space_prefix": said["add_space_prefix"],
        "remove_extra_whitespaces": said["remove_extra_whitespaces"],
        "eos_token_id": 1,
        "unknown_token_id": 2,
        "padding_token_id": 0,
        "add_bos_token": False,
        "add_eos_token": True,
    }
    return {key: value for key, value in (keys | changes).items() if value is not None}


@cache
def tokenizer(variant: str) -> Tokenizer:
    return from_model(model_file(metadata(variant)))


@pytest.mark.parametrize("variant", GOLDEN)
def test_ids_are_sentencepieces(variant: str) -> None:
    for text, ids in zip(ODD_TEXTS, GOLDEN[variant]["ids"], strict=True):
        assert tokenizer(variant).encode(text, add_bos=False, parse_special=False) == ids, ascii(text)
        assert tokenizer(variant).encode(text, parse_special=False) == [*ids, 1]


@pytest.mark.parametrize("variant", GOLDEN)
def test_texts_are_sentencepieces(variant: str) -> None:
    said = GOLDEN[variant]
    for before, ids, text in zip(ODD_TEXTS, said["ids"], said["decoded"], strict=True):
        # An unknown token has no text here, and a mark that begins the text can't be told from the space before it.
        if 2 not in ids and not before.startswith("▁"):
            assert tokenizer(variant).decode(ids) == text


def test_characters_are_written_as_sentencepiece_writes_them() -> None:
    table = read_charsmap(CHARSMAP, "t5.gguf", "charsmap")
    for text, written in zip(ODD_TEXTS, GOLDEN["t5"]["normalized"], strict=True):
        assert "".join("▁" + word for word in table.longest(text).split(" ") if word) == written.replace(" ", "▁")


@given(text=TEXT)
def test_decoding_gives_the_text_back(text: str) -> None:
    ids = tokenizer("bytes").encode(text, parse_special=False)
    spaced = " ".join(filter(None, text.replace("▁", " ").split(" ")))
    assert tokenizer("bytes").decode(tokenizer("bytes").encode(spaced, parse_special=False)) == spaced
    assert all(0 <= token < tokenizer("bytes").vocab_size for token in ids)


@given(text=TEXT, variant=st.sampled_from(list(GOLDEN)))
def test_a_stream_is_what_decoding_gives(text: str, variant: str) -> None:
    words = tokenizer(variant)
    ids = words.encode(text)
    raw = b"".join(words.token_bytes(token, after=last) for last, token in zip([0, *ids], ids, strict=False))
    assert raw.decode("utf-8", "replace") == words.decode(ids)


PIECES = {"a": -1.5, "b": -2.0, "ab": -3.25, "ba": -3.25, "aba": -5.0, "bb": -1.0, "aab": -4.5}


def best_slowly(text: str) -> float:
    """Return the best sum of scores over all ways to cut a text."""
    cuts = itertools.chain.from_iterable(itertools.combinations(range(1, len(text)), n) for n in range(len(text)))
    ways = ([text[a:b] for a, b in itertools.pairwise([0, *way, len(text)])] for way in cuts)
    return max(sum(PIECES[piece] for piece in way) for way in ways if all(piece in PIECES for piece in way))


@given(text=st.text("ab", min_size=1, max_size=9))
def test_the_best_cut_is_found(text: str) -> None:
    names = list(PIECES)
    model = Unigram(((piece, n, PIECES[piece]) for n, piece in enumerate(names)), -5.0, 99, None, "f", "scores")
    pieces = [names[token] for token in model.encode(text)]
    assert "".join(pieces) == text
    assert sum(PIECES[piece] for piece in pieces) == best_slowly(text)


@pytest.mark.parametrize(
    "text", ["a" * 100_000, " " * 100_000, "Alice was. " * 9_000, "漢" * 100_000, "e\u0301" * 50_000]
)
def test_a_hundred_thousand_characters_take_no_more_than_seconds(text: str) -> None:
    for variant in ("t5", "all-spaces"):
        start = time.process_time()
        tokenizer(variant).encode(text)
        assert time.process_time() - start < 5  # some 0.2 s; quadratic would be minutes


@given(texts=st.lists(st.sampled_from([*ODD_TEXTS[:6], "Alice was", " the "]), min_size=1, max_size=4))
def test_words_one_by_one_give_the_ids_of_the_whole(texts: list[str]) -> None:
    text = " ".join(texts)
    whole = from_model(model_file(metadata("t5")))
    whole.__dict__["_word"] = None
    assert whole.encode(text) == tokenizer("t5").encode(text)


@pytest.mark.parametrize("key", ["scores", "unknown_token_id", "tokens"])
def test_what_is_needed_and_missing_is_named(key: str) -> None:
    changes: dict[str, Any] = {"tokens": GOLDEN["t5"]["pieces"][:2], "scores": None, "token_type": None}
    broken = metadata("t5", **(changes if key == "unknown_token_id" else {}))
    broken.pop(key, None)
    with pytest.raises(FormatError, match=key):
        from_model(model_file(broken))


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(score: float) -> None:
    scores = np.array(GOLDEN["t5"]["scores"], np.float32)
    scores[20] = score
    with pytest.raises(FormatError, match="scores"):
        from_model(model_file(metadata("t5", scores=scores)))


def test_pieces_longer_than_any_real_one_are_refused() -> None:
    pieces = [*GOLDEN["t5"]["pieces"][:-1], "x" * (MAX_PIECE + 1)]
    with pytest.raises(FormatError, match="characters"):
        from_model(model_file(metadata("t5", tokens=pieces)))


def test_marks_after_the_words_are_refused() -> None:
    with pytest.raises(UnknownTokenizerPartError, match="after each word"):
        from_model(model_file(metadata("t5", treat_whitespace_as_suffix=True)))


def units(*numbers: int, texts: bytes = b"x\0") -> bytes:
    """Return a table of these units."""
    return struct.pack(f"<I{len(numbers)}I", 4 * len(numbers), *numbers) + texts


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        struct.pack("<I", 3) + b"abc",
        CHARSMAP[:100],
        bytes(MAX_BYTES + 1),
        units(0, 1 << 31, ord("a"), 0),
    ],
    ids=["empty", "no-trie", "too-long", "half-a-unit", "cut", "too-large", "nothing"],
)
def test_tables_that_are_none_are_refused_or_empty(data: bytes) -> None:
    try:
        table = read_charsmap(data, "f", "charsmap")
    except FormatError:
        return
    assert table.longest("abc") == "abc"


def with_leaf(target: int, texts: bytes) -> bytes:
    """Return a table whose only key is "a", its replacement named by another unit."""
    numbers = [0] * 256
    numbers[ord("a")] = ord("a") | 1 << 8 | (ord("a") ^ 1) << 10
    numbers[1] = 1 << 31 | target
    return units(*numbers, texts=texts)


def test_a_table_by_hand() -> None:
    table = read_charsmap(with_leaf(2, b"z\0hello\0"), "f", "charsmap")
    assert table.longest("banana") == table.by_grapheme("banana") == "bhellonhellonhello"


@pytest.mark.parametrize(
    ("target", "texts"), [(7, b"x\0"), (0, b"x"), (0, b"\xff\0"), (0, b"x" * 300 + b"\0"), (0x7FFFFFFF, b"x\0")]
)
def test_replacements_that_are_none_are_refused(target: int, texts: bytes) -> None:
    with pytest.raises(FormatError, match="table of the characters"):
        read_charsmap(with_leaf(target, texts), "f", "charsmap")


@given(at=st.integers(0, len(CHARSMAP) - 1), byte=st.integers(0, 255), text=st.sampled_from(ODD_TEXTS))
def test_a_table_with_a_byte_changed_is_read_or_refused(at: int, byte: int, text: str) -> None:
    try:
        table = read_charsmap(CHARSMAP[:at] + bytes([byte]) + CHARSMAP[at + 1 :], "f", "charsmap")
    except FormatError:
        return
    table.longest(text)
    table.by_grapheme(text)
