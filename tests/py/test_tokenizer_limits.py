# SPDX-License-Identifier: Apache-2.0
"""tokenizer.json that was made to take long or much: every part has its share of one budget, and says when it is spent.

Times that are given here are the processor's, or only a hang can reach them; what is refused is refused with an error
of the product.
"""

import json
import sys
import time
from typing import Any

import pytest

from taleproof.errors import FormatError, LimitError, TaleproofError, TokenizerLimitError, UnknownTokenizerPartError
from taleproof.formats import ModelFile
from taleproof.io.reader import BytesBlob
from taleproof.tokenizers import Tokenizer, from_tokenizer_json
from taleproof.tokenizers.huggingface import budget
from taleproof.tokenizers.huggingface.added import Added, AddedFinder
from taleproof.tokenizers.huggingface.pattern import written_out


Fields = dict[str, Any]

LETTERS = {"type": "BPE", "vocab": {letter: number for number, letter in enumerate("ab !")}, "merges": []}
SLOW = "(a|aa)+!"  # on n letters it takes about 1.6 ** n steps, which no shortcut of the regex package avoids


def read(**said: Any) -> Tokenizer:
    return read_bytes(json.dumps({"added_tokens": [], "model": LETTERS} | said).encode())


def read_bytes(data: bytes) -> Tokenizer:
    file = ModelFile("model.safetensors", "safetensors", "llama", {}, {}, 0)
    return from_tokenizer_json(file, BytesBlob(data, "tokenizer.json"), None)


def replace(pattern: Fields, content: str) -> Fields:
    return {"type": "Replace", "pattern": pattern, "content": content}


def split(expression: str) -> Fields:
    return {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": False}


def normalizer(*steps: Fields) -> Fields:
    return {"normalizer": {"type": "Sequence", "normalizers": list(steps)}}


def pre_tokenizer(*steps: Fields) -> Fields:
    return {"pre_tokenizer": {"type": "Sequence", "pretokenizers": list(steps)}}


GROWING = replace({"String": "a"}, "a" * 64)
EVERYWHERE = replace({"Regex": "(?=.)"}, "b" * 64)
IN_BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (normalizer(*[GROWING] * 5), "a"),
        (normalizer(*[EVERYWHERE] * 3), "a" * 10),
        (normalizer({"type": "NFKD"}), "\ufdfa" * 100_000),
        (pre_tokenizer(*[IN_BYTES, IN_BYTES, IN_BYTES, IN_BYTES]), "\u0100" * 50_000),
    ],
    ids=["five-in-turn", "at-every-place", "sentences", "bytes-of-bytes"],
)
def test_a_text_that_would_grow_without_end_is_refused(said: Fields, text: str) -> None:
    tokenizer = read(**said)
    with pytest.raises(TokenizerLimitError, match="makes a text too long"):
        tokenizer.encode(text)


def test_what_a_text_may_grow_by_is_as_long_as_what_real_parts_make() -> None:
    assert len(read(**normalizer(GROWING)).encode("a" * 1000)) == 64_000
    assert read(**normalizer({"type": "NFKD"})).encode("\ufdfa" * 3000) == read().encode(" " * 9000)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (pre_tokenizer(split(SLOW)), "a" * 60),
        (pre_tokenizer(*[split(SLOW)] * 64), "a" * 26),
        (pre_tokenizer(split(" "), split(SLOW)), ("a" * 26 + " ") * 64),
        (normalizer(replace({"Regex": SLOW}, "b")), "a" * 60),
    ],
    ids=["one", "many-in-turn", "on-many-words", "normalizer"],
)
def test_expressions_have_one_time_for_a_whole_text(said: Fields, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "SECONDS", 0.05)
    tokenizer = read(**said)
    with pytest.raises(TokenizerLimitError, match=r"tokenizer\.json: .*(Split|Replace) takes too long"):
        tokenizer.encode(text)


def test_a_text_takes_less_than_a_second_of_expressions() -> None:
    tokenizer = read(**pre_tokenizer(split(SLOW)))
    began = time.process_time()
    with pytest.raises(TokenizerLimitError, match="takes too long"):
        tokenizer.encode("a" * 60)
    assert time.process_time() - began < 0.75  # a quarter of the second is for the rest


def test_added_tokens_that_are_as_they_should_be_are_not_read_field_by_field() -> None:
    """There may be 65,536 of them: functions that are called for each are what takes a second."""
    count = 2000
    added = [{"id": 4 + number, "content": f"<{number}>", "special": True} for number in range(count)]
    data = json.dumps({"added_tokens": added, "model": LETTERS}).encode()
    calls = 0

    def called(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(called)
    try:
        tokenizer = read_bytes(data)
    finally:
        sys.setprofile(None)
    assert calls < 6 * count
    assert tokenizer.encode("a<1999><7>") == [0, 2003, 11]


def test_a_stop_is_not_taken_for_the_end_of_the_time() -> None:
    def stopped(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        budget.Budget("tokenizer.json", 1).timed("a part", stopped)


@pytest.mark.parametrize(
    ("expression", "length"),
    [("abc", 3), ("a{999}", 999), ("(?:ab){3}", 12), ("((a{9}){9}){9}", 909), ("[a-z]{2,5}|b*", 8), (r"\p{L}{,4}", 4)],
)
def test_what_is_repeated_is_counted_as_if_it_were_written_out(expression: str, length: int) -> None:
    assert written_out(expression) == length


@pytest.mark.parametrize(
    "expression", ["((((a{999}){999}){999}){999}){999}", "(?:(?:abcdefgh){999}){999}", "(?:[ab]{999}){99}"]
)
def test_repeats_in_repeats_are_refused_before_they_are_compiled(expression: str) -> None:
    with pytest.raises(UnknownTokenizerPartError, match="longer expressions"):
        read(**pre_tokenizer(split(expression)))


def test_expressions_are_counted_together() -> None:
    with pytest.raises(UnknownTokenizerPartError, match="longer expressions"):
        read(**pre_tokenizer(*[split("|".join(f"{j:02x}{i:03x}" for i in range(600))) for j in range(60)]))


@pytest.mark.parametrize(
    "said",
    [
        normalizer(*[GROWING] * 4) | {"added_tokens": [{"id": 9, "content": "aa", "normalized": True}]},
        {"decoder": {"type": "Sequence", "decoders": [replace({"String": "a"}, "a" * 1000)] * 4}},
    ],
    ids=["added-token", "decoder"],
)
def test_what_a_token_may_grow_by_is_bounded_too(said: Fields) -> None:
    with pytest.raises(TokenizerLimitError, match="makes a text too long"):
        read(**said).decode([0])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'{"added_tokens":[' + b"[]," * 2_000_000 + b"[]]}", LimitError),
        (b'{"added_tokens":[' + b"[]," * 200_000 + b"[]]}", LimitError),
        (b'{"added_tokens":[' + b'{"a":"aaaaaaaaaa"},' * 140_000 + b"{}]}", LimitError),
        (b'{"version":"' + b"a" * (40 << 20) + b'"}', LimitError),
        (b'{"model":{"type":"BPE","merges":[],"vocab":{"' + b"a" * 5000 + b'":0}}}', FormatError),
    ],
    ids=["four-million-values", "values-of-two-bytes", "140,000-objects", "more-than-40-MB", "a-token-of-5,000"],
)
def test_what_no_real_file_has_is_refused_before_it_is_used(data: bytes, error: type[TaleproofError]) -> None:
    with pytest.raises(error):
        read_bytes(data)


def test_pieces_of_every_length_are_refused() -> None:
    pieces = [["<unk>", 0.0], *(["a" * length, -1.0] for length in range(1, 256))]
    with pytest.raises(FormatError, match="different lengths"):
        read(model={"type": "Unigram", "unk_id": 0, "vocab": pieces})


@pytest.mark.parametrize("kind", ["NFC", "NFD", "NFKC", "NFKD", "BertNormalizer"])
def test_marks_without_end_after_one_letter_take_no_time_that_grows_with_their_square(kind: str) -> None:
    text = "a" + "\u0315\u0300\u05ae" * 100_000
    assert read(normalizer={"type": kind}).encode(text + "b")[-1:] == [1]


@pytest.mark.parametrize("start", [0, 3, 1024])
def test_strip_takes_so_many_characters_and_no_more(start: int) -> None:
    vocabulary = {"aaaab": 0, "aaaa": 1}
    decoder = {"type": "Strip", "content": "a", "start": start, "stop": 2}
    tokenizer = read(model={"type": "BPE", "vocab": vocabulary, "merges": []}, decoder=decoder)
    assert tokenizer.decode([0]) == "aaaab"[min(start, 4) :]
    assert tokenizer.decode([1]) == "a" * max(4 - start - 2, 0)


@pytest.mark.parametrize(
    ("rows", "letters"),
    [
        ([{"content": "b", "lstrip": True, "rstrip": True}], "ab"),
        ([{"content": "b", "single_word": True}], "b "),
        ([{"content": " ", "rstrip": True}], " "),
        ([{"content": "\t", "rstrip": True}, {"content": " "}], "\t "),
    ],
    ids=["strips", "single-word", "spaces", "spaces-of-two-kinds"],
)
def test_added_tokens_look_at_each_letter_once(rows: list[dict[str, Any]], letters: str) -> None:
    finder = AddedFinder([(row["content"], Added(number, **row)) for number, row in enumerate(rows)])
    began = time.process_time()
    assert sum(1 for _ in finder.split(letters * (400_000 // len(letters)))) >= 200_000
    assert time.process_time() - began < 10  # under a second; the square of the length takes minutes
