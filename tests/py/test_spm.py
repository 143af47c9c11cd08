# SPDX-License-Identifier: Apache-2.0
"""SentencePiece-style tokenizers: llama.cpp's ids, run.c's ids, and a plain quadratic twin."""

import itertools
import struct
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taleproof.errors import FormatError, LimitError, TruncatedFileError
from taleproof.io.reader import BytesBlob
from taleproof.tokenizers import Tokenizer, from_llama2c, from_model
from vocabularies import IDS, TEXTS, model_file, spm_metadata


FIXTURES = Path(__file__).parents[1] / "fixtures"
TOK512 = (FIXTURES / "tok512.bin").read_bytes()
WORDS = st.sampled_from([" ", "  ", "the", "Lily", "\n", "é", "漢", "ing", "t"])
TEXT = st.one_of(st.text(), st.lists(WORDS).map("".join))


@cache
def gguf(name: str) -> Tokenizer:
    changes = {"spm": {}, "spm-no-prefix": {"add_space_prefix": False}}[name]
    return from_model(model_file(spm_metadata(**changes)))


@cache
def llama2c() -> Tokenizer:
    return from_llama2c(BytesBlob(TOK512, "tok512.bin"), 512)


def tokenizer_bin(pieces: list[tuple[float, bytes]]) -> BytesBlob:
    """Return a tokenizer.bin of these scores and pieces."""
    rows = (struct.pack("<fi", score, len(piece)) + piece for score, piece in pieces)
    return BytesBlob(struct.pack("<I", 27) + b"".join(rows), "tokenizer.bin")


def joined_slowly(symbols: list[str], scores: dict[str, float]) -> list[str]:
    """Join as run.c does: look through all pairs for the best, join it, begin again."""
    while True:
        pairs = [(scores.get(a + b), -i) for i, (a, b) in enumerate(itertools.pairwise(symbols))]
        possible = [(score, at) for score, at in pairs if score is not None]
        if not possible:
            return symbols
        at = -max(possible)[1]
        symbols = [*symbols[:at], symbols[at] + symbols[at + 1], *symbols[at + 2 :]]


@pytest.mark.parametrize("name", ["spm", "spm-no-prefix"])
def test_ids_are_llama_cpps(name: str) -> None:
    expected = IDS["llama.cpp"][name]
    for text, ids, plain in zip(TEXTS, expected["ids"], expected["plain"], strict=True):
        assert gguf(name).encode(text) == ids, text
        assert gguf(name).encode(text, add_bos=False, parse_special=False) == plain, text


@pytest.mark.parametrize("case", IDS["run.c"], ids=lambda case: ascii(case["text"])[:30])
def test_ids_are_those_of_llama2cs_run(case: dict[str, Any]) -> None:
    assert llama2c().encode(case["text"]) == case["ids"]


@given(text=TEXT)
def test_decoding_gives_the_text_back(text: str) -> None:
    assert llama2c().decode(llama2c().encode(text)) == text
    spaced = text.replace("\u2581", " ")  # the mark of a space can't be told from a space
    for name in ("spm", "spm-no-prefix"):
        assert gguf(name).decode(gguf(name).encode(text, parse_special=False)) == spaced


@given(text=TEXT)
def test_the_heap_joins_what_the_plain_search_joins(text: str) -> None:
    pieces, scores = IDS["spm"]["pieces"], IDS["spm"]["scores"]
    ids = {piece: i for i, piece in enumerate(pieces)}
    symbols = joined_slowly(list(text.replace(" ", "\u2581")), dict(zip(pieces, scores, strict=True)))
    names = [name for s in symbols for name in ([s] if s in ids else [f"<0x{b:02X}>" for b in s.encode()])]
    expected = [ids[name] for name in names]
    assert gguf("spm-no-prefix").encode(text, add_bos=False, parse_special=False) == expected


def test_pieces_with_a_space_inside_are_joined_across_words() -> None:
    pieces = [*IDS["spm"]["pieces"], "e\u2581", "e\u2581t"]
    scores = [*IDS["spm"]["scores"], 8.0, 9.0]
    types = [*IDS["spm"]["types"], 1, 1]
    file = model_file(
        spm_metadata(tokens=pieces, scores=np.array(scores, np.float32), token_type=np.array(types, np.int32))
    )
    ids = from_model(file).encode("the tea", add_bos=False)
    assert pieces.index("e\u2581t") in ids
    assert from_model(file).decode([1, *ids]) == "the tea"


def test_the_space_before_a_text_goes_where_run_c_drops_it() -> None:
    ids = llama2c().encode("Lily")
    assert ids[0] == llama2c().bos_id == 1
    assert llama2c().decode(ids) == "Lily"
    assert llama2c().decode(ids[1:]) == " Lily"
    assert llama2c().token_bytes(ids[1]).startswith(b" ")
    assert not llama2c().token_bytes(ids[1], after=1).startswith(b" ")
    assert llama2c().decode(llama2c().encode(" Lily")) == " Lily"


def test_bytes_without_a_piece_are_spelt() -> None:
    ids = llama2c().encode("漢")
    assert [llama2c().token_bytes(token) for token in ids[-3:]] == [b"\xe6", b"\xbc", b"\xa2"]
    assert llama2c().decode(ids[:-1]) == "\ufffd"


def test_story_ends_at_bos_or_eos_which_have_no_text() -> None:
    assert llama2c().eos_ids == {1, 2}
    assert llama2c().decode([0, 1, 2]) == ""
    assert gguf("spm").eos_ids == {2}


def test_without_byte_tokens_the_unknown_token_stands_for_each_byte() -> None:
    types = np.array([2, 3, 3, 1], np.int32)
    metadata = spm_metadata(tokens=["<unk>", "<s>", "</s>", "a"], scores=np.zeros(4, np.float32), token_type=types)
    assert from_model(model_file(metadata)).encode("aé") == [1, 0, 0, 0, 3, 0, 0]  # U+2581 is three bytes


def test_extra_spaces_go_if_the_file_says_so() -> None:
    file = model_file(spm_metadata(remove_extra_whitespaces=True))
    assert from_model(file).encode("  the   tea ") == gguf("spm").encode("the tea")


@pytest.mark.parametrize("text", ["a" * 100_000, " " * 100_000, "Lily said. " * 9_000, "漢" * 100_000])
def test_a_hundred_thousand_characters_take_no_more_than_seconds(text: str) -> None:
    for tokenizer in (gguf("spm"), llama2c()):
        start = time.process_time()
        ids = tokenizer.encode(text)
        assert time.process_time() - start < 5  # some 0.3 s; quadratic would be minutes
        assert tokenizer.decode(ids) == text


def test_scores_that_are_not_numbers_are_refused() -> None:
    scores = np.array(IDS["spm"]["scores"], np.float32)
    scores[300] = np.nan
    with pytest.raises(FormatError, match="scores"):
        from_model(model_file(spm_metadata(scores=scores)))
    with pytest.raises(FormatError, match=r"score\[0\]"):
        from_llama2c(tokenizer_bin([(float("nan"), b"a")]), 3)


def test_a_tokenizer_bin_of_another_size_is_refused() -> None:
    with pytest.raises(FormatError, match="another model"):
        from_llama2c(BytesBlob(TOK512), 500)
    with pytest.raises(TruncatedFileError):
        from_llama2c(BytesBlob(TOK512), 513)


@pytest.mark.parametrize("end", [0, 1, 4, 7, 12, 100, len(TOK512) - 1])
def test_a_tokenizer_bin_cut_short_is_refused(end: int) -> None:
    with pytest.raises(FormatError):
        from_llama2c(BytesBlob(TOK512[:end]), 512)


@pytest.mark.parametrize("length", [-1, 5000, 1 << 30])
def test_impossible_lengths_are_refused(length: int) -> None:
    data = struct.pack("<Ifi", 27, 0.0, length) + bytes(8000)
    with pytest.raises(FormatError, match=r"length\[0\]"):
        from_llama2c(BytesBlob(data), 3)


def test_a_vocabulary_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(LimitError):
        from_llama2c(BytesBlob(TOK512), 1 << 30)
    with pytest.raises(FormatError, match="vocab_size"):
        from_llama2c(BytesBlob(bytes(4)), 0)


def test_tiny_vocabularies_spell_nothing_beyond_their_end() -> None:
    tokenizer = from_llama2c(tokenizer_bin([(0.0, b"<unk>"), (0.0, b"\n<s>\n"), (0.0, b"\n</s>\n"), (0.0, b"a")]), 4)
    assert tokenizer.encode("a?") == [1, 0, 3, 0]


@given(data=st.binary(max_size=200), size=st.integers(0, 20))
def test_any_bytes_are_a_tokenizer_or_a_format_error(data: bytes, size: int) -> None:
    try:
        tokenizer = from_llama2c(BytesBlob(data), size)
    except FormatError:
        return
    tokenizer.decode(tokenizer.encode("any text"))
