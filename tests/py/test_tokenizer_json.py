"""tokenizer.json: the ids that Hugging Face's own library gives, for tokenizers that it trains here."""

import json
from pathlib import Path

import pytest
from tokenizers import Regex, decoders, models, pre_tokenizers, processors, trainers
from tokenizers import Tokenizer as Library

from fixtures.families import FAMILIES, GOLDEN, safetensors, weights
from taleproof.errors import TokenizerMissingError, UnknownTokenizerPartError
from taleproof.model_set import read_model
from taleproof.reader import BytesBlob
from taleproof.tokenizers import Tokenizer


ALICE = Path(__file__).parents[1] / "fixtures" / "alice.txt"
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEXTS = (
    "Once upon a time there was a rabbit-hole.",
    "  two  spaces, a tab\tand\n\nlines\r\n ",
    "DON'T he'll I've 1865 3.14",
    "Ärger mit Öl; naïve café, Ελληνικά, 中文, עברית, \U0001f98a\U0001f44d\U0001f3fd",
    "<|end|>after<|end|> it",
    "",
)

MODEL = BytesBlob(
    safetensors(weights("llama", json.loads(GOLDEN.read_text(encoding="utf-8"))["families"]["llama"]["shapes"])),
    "model.safetensors",
)
CONFIG = BytesBlob(json.dumps(FAMILIES["llama"]).encode(), "config.json")


def trained(kind: str) -> Library:
    library = Library(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=kind != "qwen2")
    before = {
        "gpt2": [],
        "smollm": [pre_tokenizers.Digits(individual_digits=True)],
        "qwen2": [pre_tokenizers.Split(Regex(QWEN2), "isolated")],
    }[kind]
    library.pre_tokenizer = pre_tokenizers.Sequence([*before, byte_level]) if before else byte_level
    library.decoder = decoders.ByteLevel()
    library.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=["<|end|>"], initial_alphabet=alphabet)
    library.train_from_iterator(ALICE.read_text(encoding="utf-8").splitlines(), trainer)
    return library


def read(library: Library, settings: dict[str, object]) -> Tokenizer:
    words = BytesBlob(library.to_str().encode(), "tokenizer.json")
    said = BytesBlob(json.dumps(settings).encode(), "tokenizer_config.json")
    return read_model([CONFIG, MODEL, words, said]).tokenizer


@pytest.mark.parametrize("kind", ["gpt2", "smollm", "qwen2"])
def test_ids_and_texts_are_the_librarys(kind: str) -> None:
    library = trained(kind)
    tokenizer = read(library, {"eos_token": "<|end|>"})
    for text in TEXTS:
        ids = tokenizer.encode(text)
        assert ids == library.encode(text).ids
        assert tokenizer.decode(ids) == library.decode(ids)
    assert tokenizer.eos_ids == {library.token_to_id("<|end|>")}
    assert tokenizer.vocab_size == library.get_vocab_size()


def test_a_kind_that_is_not_known_is_named() -> None:
    library = Library(models.WordLevel({"a": 0}, unk_token="a"))
    with pytest.raises(UnknownTokenizerPartError, match="WordLevel"):
        read(library, {})


def test_a_model_without_a_tokenizer_says_so() -> None:
    with pytest.raises(TokenizerMissingError):
        read_model([CONFIG, MODEL])
