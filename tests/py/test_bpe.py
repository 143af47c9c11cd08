# SPDX-License-Identifier: Apache-2.0
"""Byte-level BPE against llama.cpp's ids, the tokenizers package, and itself backwards."""

import json
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Reference

from references import reference
from taleproof.errors import FormatError, UnknownPreTokenizerError
from taleproof.formats import ModelFile
from taleproof.tokenizers import Tokenizer, from_model
from vocabularies import BPE_NAMES, IDS, TEXTS, bpe_metadata, model_file


# Where they matter: spaces before and after digits, contractions, line ends, letters of several bytes.
SPACES = [" ", "  ", "\n", "\r\n", "\t", "\xa0", "\x85", "\x1c", "\u200b"]
WORDS = ["'s", "'LL", "'", "a", "Word", "é", "e\u0301", "漢字", "١", "7", "½", "2024", "!", "...", "👩\u200d👧"]
MARKS = ["[[note]]", "<|user|>", "<|use"]
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(SPACES + WORDS + MARKS)).map("".join))


@cache
def tokenizer(pre: str) -> Tokenizer:
    return from_model(model_file(bpe_metadata(pre)))


@cache
def small_reference(pre: str) -> Reference:
    return reference(model_file(bpe_metadata(pre)), pre)


@pytest.mark.parametrize("pre", BPE_NAMES)
def test_ids_are_llama_cpps(pre: str) -> None:
    expected = IDS["llama.cpp"][pre]
    for text, ids, plain in zip(TEXTS, expected["ids"], expected["plain"], strict=True):
        assert tokenizer(pre).encode(text) == ids, text
        assert tokenizer(pre).encode(text, add_bos=False, parse_special=False) == plain, text


@pytest.mark.parametrize("pre", BPE_NAMES)
@given(text=TEXT)
def test_ids_are_those_of_the_tokenizers_package(pre: str, text: str) -> None:
    ids = tokenizer(pre).encode(text, add_bos=False)
    assert ids == small_reference(pre).encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("pre", BPE_NAMES)
@given(text=TEXT)
def test_decoding_gives_the_text_back(pre: str, text: str) -> None:
    plain = tokenizer(pre)
    assert plain.decode(plain.encode(text, parse_special=False)) == text


@given(text=st.text(st.characters(codec=None)))
def test_any_python_string_can_be_encoded(text: str) -> None:
    decoded = tokenizer("gpt-2").decode(tokenizer("gpt-2").encode(text, parse_special=False))
    assert decoded == text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@pytest.mark.parametrize(
    ("text", "means"), [("\ud83d\ude42", "🙂"), ("a\ud83db", "a\ufffdb"), ("\ude42\ud83d", "\ufffd\ufffd")]
)
def test_surrogates_mean_what_a_browser_takes_them_for(text: str, means: str) -> None:
    assert tokenizer("gpt-2").encode(text) == tokenizer("gpt-2").encode(means)


@pytest.mark.parametrize("pre", BPE_NAMES)
@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, " " * 100_000, "no, no! " * 12_500, "👩\u200d👧" * 33_333, "7" * 100_000, "<|" * 50_000],
)
def test_a_hundred_thousand_characters_take_no_more_than_seconds(pre: str, text: str) -> None:
    start = time.process_time()
    ids = tokenizer(pre).encode(text)
    assert time.process_time() - start < 5  # some 0.3 s; quadratic would be minutes
    assert tokenizer(pre).decode(ids) == text


def test_bos_comes_by_the_models_rule_or_on_request() -> None:
    assert tokenizer("gpt-2").encode("a") == tokenizer("gpt-2").encode("a", add_bos=True)[1:]
    assert tokenizer("llama-bpe").encode("a")[0] == tokenizer("llama-bpe").bos_id == 0
    assert tokenizer("llama-bpe").encode("a", add_bos=False)[0] != 0
    file = model_file(bpe_metadata("llama-bpe", add_bos_token=False, add_eos_token=True, eos_token_id=1))
    assert from_model(file).encode("") == [1]


def test_special_tokens_have_no_text_of_their_own() -> None:
    ids = tokenizer("qwen2").encode("<|user|>Hi[[note]]<|end|>")
    assert ids[0] == 1
    assert ids[-1] == 0
    assert tokenizer("qwen2").decode(ids) == "Hi[[note]]"
    assert tokenizer("qwen2").eos_ids == {0}


def test_a_byte_that_the_vocabulary_lacks_is_left_out() -> None:
    bpe: Any = IDS["bpe"]
    tokens = ["(was !)" if token == "!" else token for token in bpe["tokens"]]
    file = model_file(bpe_metadata("gpt-2", tokens=tokens))
    assert from_model(file).decode(from_model(file).encode("a!b")) == "ab"


@pytest.mark.parametrize("pre", ["", "no-such-name"])
def test_an_unknown_pre_tokenizer_is_refused_by_name(pre: str) -> None:
    with pytest.raises(UnknownPreTokenizerError) as error:
        from_model(model_file(bpe_metadata(pre)))
    assert error.value.details["name"] == pre
    assert "smollm" in error.value.message


def characters(**keys: Any) -> Tokenizer:
    """Return a tokenizer whose vocabulary writes words as they are, with a token for each byte but 0x00."""
    tokens = ["<bos>", *(f"<0x{byte:02X}>" for byte in range(1, 256)), "a", "b", "\u2581", "\u2581a", "\n\n"]
    types = np.array([3, *[6] * 255, *[1] * 5], np.int32)
    said = {"tokens": tokens, "token_type": types, "merges": ["\u2581 a"], "bos_token_id": 0, "add_bos_token": False}
    return from_model(model_file(said | keys))


@pytest.mark.parametrize("keys", [{"model": "gpt2", "pre": "gemma4"}, {"model": "gemma4"}])
def test_gemma_4_writes_characters_and_begins_with_bos_whatever_the_file_says(keys: dict[str, str]) -> None:
    tokenizer = characters(**keys)
    ids = tokenizer.encode("b a\n\n\né")
    assert ids == [0, 257, 259, 10, 10, 10, 0xC3, 0xA9]  # two line ends are a token where no third follows
    assert tokenizer.encode("b\n\n") == [0, 257, 260]
    assert tokenizer.decode(ids) == "b a\n\n\né"


def test_sarvam_has_gemma_4s_words_but_neither_its_bos_nor_its_line_ends() -> None:
    tokenizer = characters(model="gpt2", pre="sarvam-moe")
    assert tokenizer.encode("b a\n\n") == [257, 259, 10, 10]


def test_the_kind_whitespace_leaves_out_white_space_and_takes_small_letters_where_it_is_told_so() -> None:
    keys = {"model": "whitespace", "pre": "whitespace", "tokens": ["a", "b", "ab", "é"], "merges": ["a b"]}
    assert from_model(model_file(keys)).encode("ab A\u3000\té") == [2, 3]
    small = from_model(model_file({**keys, "normalizer.lowercase": True}))
    assert small.encode("AB A\u3000\tÉ") == [2, 0, 3]


def test_a_vocabulary_without_merges_is_refused() -> None:
    metadata = bpe_metadata("gpt-2")
    del metadata["merges"]
    with pytest.raises(FormatError, match="merges"):
        from_model(model_file(metadata))


class TestSmolLM2:
    """The real vocabulary of 49,152 tokens."""

    def test_ids_are_llama_cpps(self, smollm2_file: ModelFile) -> None:
        smollm2, expected = from_model(smollm2_file), IDS["llama.cpp"]["smollm2"]
        for text, ids, plain in zip(TEXTS, expected["ids"], expected["plain"], strict=True):
            assert smollm2.encode(text) == ids, text
            assert smollm2.encode(text, parse_special=False) == plain, text

    def test_ids_are_those_of_the_tokenizers_package(self, smollm2_file: ModelFile) -> None:
        smollm2, other = from_model(smollm2_file), reference(smollm2_file, "smollm")
        text = (Path(__file__).parents[2] / "LICENSE").read_text(encoding="utf-8") + "".join(TEXTS)
        text = "".join(character for character in text if character.isprintable() or character.isspace())
        assert smollm2.encode(text) == other.encode(text, add_special_tokens=False).ids

    def test_the_whole_models_vectors_decode_to_their_text(self, smollm2_file: ModelFile, fixtures: Path) -> None:
        smollm2 = from_model(smollm2_file)
        for case in json.loads((fixtures / "smollm2_llamacpp.json").read_text(encoding="utf-8"))["cases"]:
            assert len(smollm2.encode(case["prompt"])) == case["prompt_tokens"]
            assert smollm2.decode([token["id"] for token in case["tokens"]]) == case["text"]

    def test_it_is_ready_quickly(self, smollm2_file: ModelFile) -> None:
        start = time.process_time()
        from_model(smollm2_file).encode("Once upon a time, 7 dragons <|im_end|>")
        assert time.process_time() - start < 0.3
