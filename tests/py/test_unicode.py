# SPDX-License-Identifier: Apache-2.0
"""Unicode as the stages of a tokenizer.json have it is the library's, for each of its 1,112,064 characters.

The truth is the package tokenizers of requirements.txt. That the page has the same: tests/web/unicode.test.ts.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, normalizers
from tokenizers import Tokenizer as Library

from fixtures.unicode_stages import NORMALIZERS, PRE_TOKENIZERS, cut, normalised, texts
from taleproof.tokenizers.algorithms.bpe import in_bytes
from taleproof.tokenizers.huggingface.budget import Budget
from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.huggingface.pattern import compiled
from taleproof.tokenizers.unicode.characters import SPACES, char_class, unicode_table
from taleproof.tokenizers.unicode.normal_forms import Form, normalized


MODEL = {"type": "BPE", "vocab": {}, "merges": []}
FORMS: list[Form] = ["NFC", "NFD", "NFKC", "NFKD"]
CLASSES = (r"\p{L}", r"\p{N}", r"\p{M}", r"\p{P}", r"\p{S}", r"\p{Ll}", r"\p{Lo}", r"\p{Han}", r"\s", r"\d")


def library(**stage: object) -> Library:
    return Library.from_str(json.dumps({"version": "1.0", "added_tokens": [], "model": MODEL} | stage))


@pytest.mark.parametrize("name", NORMALIZERS)
def test_each_character_is_written_as_the_library_writes_it(name: str) -> None:
    theirs = library(normalizer=NORMALIZERS[name]).normalizer
    for text, ours in zip(texts(), normalised(name), strict=True):
        assert ours == theirs.normalize_str(text), f"from U+{max(map(ord, text[:2])):04X}"


@pytest.mark.parametrize("name", PRE_TOKENIZERS)
def test_each_character_is_cut_as_the_library_cuts_it(name: str) -> None:
    theirs = library(pre_tokenizer=PRE_TOKENIZERS[name]).pre_tokenizer
    for text, words in zip(texts(), cut(name), strict=True):
        ours = list(map(in_bytes, words)) if name == "ByteLevel" else words
        assert ours == [word for word, _ in theirs.pre_tokenize_str(text)], f"from U+{max(map(ord, text[:2])):04X}"


@pytest.mark.parametrize("expression", CLASSES)
def test_a_class_of_an_expression_has_the_librarys_characters(expression: str) -> None:
    codes = (*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xE1000))  # where characters are
    text = "".join(map(chr, codes))
    part = Part("tokenizer.json", "normalizer", {"type": "Replace"})
    ours = compiled(part, expression).replaced(text, "\0", Budget("tokenizer.json", len(text)))
    theirs = normalizers.Replace(Regex(expression), "\0").normalize_str(text)
    assert {a for a, b, c in zip(text, ours, theirs, strict=True) if b != c} == set()


def test_spaces_are_those_of_the_table() -> None:
    assert sorted(SPACES) == sorted(char_class("white"))


def odd_characters() -> list[str]:
    """Return what normal forms change, marks, and letters of Hangul."""
    table = unicode_table()
    pairs = [char for pair in table["pairs"] for char in pair]
    hangul = [chr(code) for code in (*range(0x1100, 0x1200), *range(0xAC00, 0xD7A4, 7))]
    return [*"aeoA ", *table["canonical"], *table["compatible"], *pairs, *char_class("mark"), *hangul]


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(chars=st.lists(st.sampled_from(odd_characters()), max_size=12))
def test_sequences_have_the_librarys_normal_forms(chars: list[str]) -> None:
    text = "".join(chars)
    for form in FORMS:
        assert normalized(form, text) == getattr(normalizers, form)().normalize_str(text)


@pytest.mark.parametrize("form", FORMS)
def test_a_hundred_thousand_marks_after_one_letter_are_put_in_order(form: Form) -> None:
    text = "a" + "\u0315\u0300\u05ae" * 30_000
    last = "\u05ae" * 30_000 + "\u0300" * 30_000 + "\u0315" * 30_000
    assert normalized("NFD", text) == "a" + last
    taken = "\u00e0" + last.replace("\u0300", "", 1)
    assert normalized(form, text) == (taken if form in ("NFC", "NFKC") else "a" + last)
