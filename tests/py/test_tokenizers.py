# SPDX-License-Identifier: Apache-2.0
"""What all tokenizers share: the choice of a kind, special tokens, hostile metadata."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taleproof.errors import FormatError, TaleproofError, UnknownTokenError, UnknownTokenizerError
from taleproof.formats import ModelFile
from taleproof.tokenizers import from_model
from taleproof.tokenizers.algorithms.merge import merge
from taleproof.tokenizers.special import MAX_SPECIAL_LENGTH, SpecialTokens
from vocabularies import bpe_metadata, model_file, spm_metadata


@pytest.mark.parametrize("kind", ["plamo2", "rwkv", "no_vocab", "x" * 10_000])
def test_an_unknown_kind_is_refused_by_name(kind: str) -> None:
    with pytest.raises(UnknownTokenizerError) as error:
        from_model(model_file({"model": kind}))
    assert kind[:20] in error.value.message
    assert len(error.value.message) < 300


def test_a_model_without_a_tokenizer_is_refused() -> None:
    with pytest.raises(UnknownTokenizerError, match="no tokenizer"):
        from_model(ModelFile("stories.bin", "llama2.c v0", "llama", {}, {}, 0))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tokens", None),
        ("tokens", []),
        ("tokens", "abc"),
        ("tokens", [["a"]]),
        ("token_type", np.ones(3, np.int32)),
        ("token_type", np.ones((2, 2), np.int32)),
        ("token_type", ["a"]),
        ("eom_token_id", 1.5),
        ("unknown_token_id", True),
        ("add_bos_token", "yes"),
        ("add_eos_token", 1),
    ],
)
@pytest.mark.parametrize("metadata", [bpe_metadata("gpt-2"), spm_metadata()], ids=["bpe", "spm"])
def test_metadata_that_contradicts_itself_is_refused(metadata: dict[str, Any], key: str, value: object) -> None:
    with pytest.raises(FormatError) as error:
        from_model(model_file(metadata | {key: value}))
    assert error.value.details["field"] == f"tokenizer.ggml.{key}"


@pytest.mark.parametrize("key", ["scores", "add_space_prefix", "remove_extra_whitespaces"])
def test_spm_metadata_of_a_wrong_type_is_refused(key: str) -> None:
    with pytest.raises(FormatError, match=key):
        from_model(model_file(spm_metadata(**{key: "wrong"})))


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.text(max_size=4), max_size=6),
    st.lists(st.integers(-9, 9), max_size=6).map(lambda items: np.array(items, np.int32)),
    st.lists(st.floats(width=32), max_size=6).map(lambda items: np.array(items, np.float32)),
)
KEYS = st.sampled_from(
    ["pre", "tokens", "scores", "token_type", "merges", "bos_token_id", "eos_token_id", "add_bos_token", "eot_token_id"]
)


@given(kind=st.sampled_from(["gpt2", "llama"]), changes=st.dictionaries(KEYS, VALUES), text=st.text())
def test_any_metadata_is_a_tokenizer_or_an_error_for_people(kind: str, changes: dict[str, Any], text: str) -> None:
    metadata = {"model": kind, "pre": "gpt-2", "tokens": ["a", "b", "ab"], "merges": ["a b"]} | changes
    try:
        tokenizer = from_model(model_file(metadata))
    except TaleproofError:
        return
    tokenizer.decode(tokenizer.encode(text))


@pytest.mark.parametrize("token", [-1, 563, 1 << 40])
def test_a_token_that_is_not_there_is_refused(token: int) -> None:
    with pytest.raises(UnknownTokenError):
        from_model(model_file(bpe_metadata("gpt-2"))).token_bytes(token)


def test_tokens_that_end_a_turn_are_known_by_their_text() -> None:
    tokens = [*bpe_metadata("gpt-2")["tokens"], "<|eot_id|>"]
    types = np.append(bpe_metadata("gpt-2")["token_type"], np.int32(1))
    tokenizer = from_model(model_file(bpe_metadata("gpt-2", tokens=tokens, token_type=types, eot_token_id=1)))
    assert tokenizer.eos_ids == {0, 1, len(tokens) - 1}
    assert tokenizer.encode("a<|eot_id|>")[-1] == len(tokens) - 1
    assert tokenizer.decode([len(tokens) - 1]) == ""
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<|end|>", "<|end|>")


def test_the_longest_special_token_at_a_place_is_taken() -> None:
    special = SpecialTokens([("<a>", 1), ("<a><b>", 2), ("b", 3), ("", 4), ("<" * (MAX_SPECIAL_LENGTH + 1), 5)])
    assert list(special.split("x<a><b>y<a>b<")) == ["x", 2, "y", 1, 3, "<"]
    assert list(special.split("<" * 600)) == ["<" * 600]
    assert list(special.split("")) == []
    assert list(SpecialTokens([]).split("<a>")) == ["<a>"]


@pytest.mark.parametrize("character", list("]^-\\[.*\n "))
def test_a_special_token_may_begin_with_any_character(character: str) -> None:
    assert list(SpecialTokens([(character + "x", 1), ("q", 2)]).split(f"a{character}xq{character}")) == [
        "a",
        1,
        2,
        character,
    ]


def test_of_equal_pairs_the_leftmost_is_joined_first() -> None:
    assert merge(list("aaa"), {"aa": 1.0}) == ["aa", "a"]
    assert merge(list("aaaa"), {"aa": 1.0, "aaa": 0.5}) == ["aaa", "a"]
    assert merge(list("abab"), {"a b": 2.0, "b a": 1.0}, " ") == ["a", "ba", "b"]
    assert merge(["a"], {"aa": 1.0}) == ["a"]
    assert merge([], {}) == []


def test_a_pair_is_not_joined_again_by_an_entry_that_has_grown_old() -> None:
    costs = {"bc": 1.0, "ab": 2.0, "cd": 3.0, "abc": 4.0, "bcd": 5.0}
    assert merge(list("abcd"), costs) == ["abc", "d"]


@pytest.mark.parametrize("token", [10_000_000, -1, 0xFFFFFFFF])
def test_a_special_id_beyond_the_vocabulary_is_taken_for_an_absent_one(token: int) -> None:
    """As in llama.cpp, whose default for this kind is 2."""
    tokenizer = from_model(model_file(spm_metadata(eos_token_id=token, eot_token_id=token)))
    assert tokenizer.eos_ids == from_model(model_file(spm_metadata(eos_token_id=2))).eos_ids


def test_tokens_end_a_text_by_their_texts_where_llamacpp_says_so() -> None:
    pieces = [*spm_metadata()["tokens"][:-3], "<turn|>", "[EOS]", "<|fim_pad|>"]
    tokenizer = from_model(model_file(spm_metadata(tokens=pieces)))
    assert {len(pieces) - 3, len(pieces) - 2, len(pieces) - 1} <= tokenizer.eos_ids


def test_phi_3s_special_tokens_take_the_white_space_after_them() -> None:
    """The ids are those of llama.cpp with the same rule: by the model's name, in no key of the file."""
    pieces = [*spm_metadata()["tokens"][:-2], "<|user|>", "<|end|>"]
    types = np.array([*spm_metadata()["token_type"][:-2], 3, 3], np.int32)
    unnamed = model_file(spm_metadata(tokens=pieces, token_type=types))
    named = replace(unnamed, metadata={**unnamed.metadata, "general.name": "Phi3"})
    user, end = len(pieces) - 2, len(pieces) - 1
    assert from_model(named).encode("<|user|>\n \t<|end|>\n", add_bos=False) == [user, end]
