# SPDX-License-Identifier: Apache-2.0
"""tokenizer.json of every family's kind: ids and texts are those of Hugging Face's library, which trains them here."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizers import Tokenizer as Library

from fixtures.odd_texts import ODD_TEXTS
from taleproof.formats import ModelFile
from taleproof.io.reader import BytesBlob
from taleproof.tokenizers import TextStream, Tokenizer, from_tokenizer_json


ALICE = (Path(__file__).parents[1] / "fixtures" / "alice.txt").read_text(encoding="utf-8")
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SPECIAL = ["<unk>", "<s>", "</s>"]


def llama2(*, split: bool = False) -> Library:
    """Llama 2's and Mistral's: a mark for each space and before the text, bytes for unknown characters."""
    library = Library(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if split:
        library.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    else:
        library.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    library.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    train(library, [*SPECIAL, *BYTES])
    return with_bytes_as_pieces(library)


def with_bytes_as_pieces(library: Library) -> Library:
    """Return what was trained with the 256 bytes for special tokens, which in these families they are not."""
    said = json.loads(library.to_str())
    said["added_tokens"] = [token for token in said["added_tokens"] if token["content"] not in BYTES]
    changed = Library.from_str(json.dumps(said))
    changed.post_processor = around("<s>", "", changed)
    return changed


def gemma() -> Library:
    """Gemma's: spaces are marks, and nothing is put before the text."""
    library = Library(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    library.normalizer = normalizers.Replace(" ", "▁")
    library.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    library.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    train(library, ["<pad>", *SPECIAL, *BYTES, "<start_of_turn>", "<end_of_turn>"])
    library.add_tokens([AddedToken("\n\n", normalized=False), AddedToken("▁▁", normalized=False)])
    return with_bytes_as_pieces(library)


def phi3() -> Library:
    """Phi-3's: Llama 2's with tokens that take the spaces after them."""
    library = llama2()
    library.add_special_tokens([AddedToken("<|user|>", rstrip=True), AddedToken("<|end|>", rstrip=True, lstrip=True)])
    library.add_tokens([AddedToken("rabbit", single_word=True), AddedToken("Queen", normalized=True)])
    return library


def byte_level(
    *before: pre_tokenizers.PreTokenizer,
    normalizer: normalizers.Normalizer | None = None,
    ignore_merges: bool = False,
) -> Library:
    library = Library(models.BPE(ignore_merges=ignore_merges))
    if normalizer is not None:
        library.normalizer = normalizer
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not before or "Digits" in str(before[0]))
    library.pre_tokenizer = pre_tokenizers.Sequence([*before, last]) if before else last
    library.decoder = decoders.ByteLevel()
    train(library, ["<|begin_of_text|>", "<|end_of_text|>"], pre_tokenizers.ByteLevel.alphabet())
    library.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=False), around("<|begin_of_text|>", "", library)]
    )
    return library


def unigram() -> Library:
    """T5's: the most probable pieces, and an end after every text."""
    library = Library(models.Unigram())
    library.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip(left=False, right=True)]
    )
    library.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    library.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=500, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    library.train_from_iterator(ALICE.splitlines(), trainer)
    library.post_processor = around("", "</s>", library)
    return library


def wordpiece(*, lowercase: bool = True, cleanup: bool = True) -> Library:
    library = Library(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    library.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=None if lowercase else True)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.decoder = decoders.WordPiece(cleanup=cleanup)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    library.train_from_iterator(ALICE.splitlines(), trainer)
    library.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return library


def words() -> Library:
    """What a family may have beside: other ways of writing and cutting."""
    library = Library(models.BPE(unk_token="<unk>"))
    library.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()])
    library.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits(individual_digits=False)]
    )
    train(library, ["<unk>"])
    return library


def train(library: Library, special: list[str], alphabet: list[str] | None = None) -> None:
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=special, initial_alphabet=alphabet or [], show_progress=False
    )
    library.train_from_iterator(ALICE.splitlines(), trainer)


def around(before: str, after: str, library: Library) -> processors.TemplateProcessing:
    tokens = [token for token in (before, after) if token]
    return processors.TemplateProcessing(
        single=" ".join(filter(None, (before, "$A", after))),
        special_tokens=[(token, library.token_to_id(token)) for token in tokens],
    )


KINDS: dict[str, Callable[[], Library]] = {
    "llama2": llama2,
    "mistral": lambda: llama2(split=True),
    "gemma": gemma,
    "phi3": phi3,
    "gpt2": byte_level,
    "smollm": lambda: byte_level(pre_tokenizers.Digits(individual_digits=True)),
    "llama3": lambda: byte_level(pre_tokenizers.Split(Regex(LLAMA3), "isolated"), ignore_merges=True),
    "qwen": lambda: byte_level(
        pre_tokenizers.Split(Regex(LLAMA3.replace("{1,3}", "")), "isolated"), normalizer=normalizers.NFC()
    ),
    "t5": unigram,
    "bert": wordpiece,
    "bert-cased": lambda: wordpiece(lowercase=False, cleanup=False),
    "words": words,
}
TEXTS = (
    *ODD_TEXTS,
    ALICE[:3000],
    "<s>after</s> it",
    "a <|user|>  \n hello <|end|>  there  <|end|>",
    "the rabbit-hole, rabbits and a rabbit, the Queen",
    "x\n\n\ny ▁▁▁ z<start_of_turn>user",
    "[CLS] do not n't . ? ' s",
    "<0x41> is no byte",
)


@cache
def made(kind: str) -> tuple[Library, Tokenizer]:
    library = KINDS[kind]()
    file = ModelFile("model.safetensors", "safetensors", "llama", {}, {}, 0)
    return library, from_tokenizer_json(file, BytesBlob(library.to_str().encode(), "tokenizer.json"), None)


@pytest.mark.parametrize("kind", KINDS)
def test_ids_and_texts_are_the_librarys(kind: str) -> None:
    library, tokenizer = made(kind)
    for text in TEXTS:
        ids = library.encode(text).ids
        assert tokenizer.encode(text) == ids, text
        assert tokenizer.decode(ids) == library.decode(ids), text
    assert tokenizer.vocab_size == library.get_vocab_size()


# The library's classes of characters are of an older Unicode than Python's.
LETTERS = st.characters(exclude_categories=["Cs", "Cn"], max_codepoint=0xFFFF) | st.sampled_from(
    "\U0001f98a\U0001f1e9 ▁"
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(text=st.text(LETTERS, max_size=40))
def test_any_text_gives_the_librarys_ids(kind: str, text: str) -> None:
    library, tokenizer = made(kind)
    assert tokenizer.encode(text) == library.encode(text).ids


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_grows_is_the_text_decoded_at_once(kind: str) -> None:
    library, tokenizer = made(kind)
    for text in TEXTS:
        ids = library.encode(text, add_special_tokens=False).ids
        if not all(tokenizer.token_bytes(token) for token in ids):
            continue  # what comes after a token without text is not the first of a text that grows
        stream = TextStream()
        shown = ""
        for i, token in enumerate(ids):
            shown += stream.push(tokenizer.token_bytes(token, after=ids[i - 1] if i else -1))
        assert shown + stream.finish() == tokenizer.decode(ids)


def test_special_tokens_are_text_where_they_are_not_looked_for() -> None:
    _, tokenizer = made("llama3")
    end = tokenizer.encode("a<|end_of_text|>", add_bos=False)[-1]
    assert end in tokenizer.eos_ids
    assert end not in tokenizer.encode("a<|end_of_text|>", parse_special=False)
    assert tokenizer.encode("a", add_bos=True) == tokenizer.encode("a")
    assert tokenizer.decode(tokenizer.encode("a<|end_of_text|>", parse_special=False)) == "a<|end_of_text|>"


def test_ids_a_tenth_of_a_megabyte_of_one_letter_take_no_time_that_grows_with_its_square() -> None:
    for kind in ("llama2", "gemma", "llama3", "t5", "bert"):
        library, tokenizer = made(kind)
        long = "a" * 100_000
        assert tokenizer.encode(long) == library.encode(long).ids


def test_roles_come_from_the_config_beside_it() -> None:
    library, _ = made("llama3")
    file = ModelFile("model.safetensors", "safetensors", "llama", {}, {}, 0)
    said = {"bos_token": {"content": "<|begin_of_text|>"}, "eos_token": "<|end_of_text|>"}
    words = BytesBlob(library.to_str().encode(), "tokenizer.json")
    tokenizer = from_tokenizer_json(file, words, BytesBlob(json.dumps(said).encode(), "tokenizer_config.json"))
    assert tokenizer.bos_id == library.token_to_id("<|begin_of_text|>")
    assert tokenizer.eos_token == "<|end_of_text|>"
    assert tokenizer.add_bos
