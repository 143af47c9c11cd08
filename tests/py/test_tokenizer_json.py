"""tokenizer.json beside a model: the one that fits, others, and none. Its ids: test_pipeline.py."""

import json

import pytest
from tokenizers import Tokenizer as Library
from tokenizers import models

from fixtures.families import FAMILIES, GOLDEN, safetensors, weights
from taleproof.errors import FormatError, TokenizerMissingError, UnknownTokenizerPartError
from taleproof.model_set import read_model
from taleproof.reader import BytesBlob
from taleproof.tokenizers import Tokenizer


MODEL = BytesBlob(
    safetensors(weights("llama", json.loads(GOLDEN.read_text(encoding="utf-8"))["families"]["llama"]["shapes"])),
    "model.safetensors",
)
CONFIG = BytesBlob(json.dumps(FAMILIES["llama"]).encode(), "config.json")


def read(library: Library, settings: dict[str, object]) -> Tokenizer:
    words = BytesBlob(library.to_str().encode(), "tokenizer.json")
    said = BytesBlob(json.dumps(settings).encode(), "tokenizer_config.json")
    return read_model([CONFIG, MODEL, words, said]).tokenizer


def test_another_models_tokenizer_is_refused() -> None:
    words = [chr(code) for code in range(0x61, 0x61 + 40)]
    fitting, larger = (Library(models.BPE({word: i for i, word in enumerate(words[:count])}, [])) for count in (32, 33))
    assert read(fitting, {}).vocab_size == 32
    with pytest.raises(FormatError, match="another model's tokenizer"):
        read(larger, {})


def test_a_kind_that_is_not_known_is_named() -> None:
    library = Library(models.WordLevel({"a": 0}, unk_token="a"))
    with pytest.raises(UnknownTokenizerPartError, match="WordLevel"):
        read(library, {})


def test_a_model_without_a_tokenizer_says_so() -> None:
    with pytest.raises(TokenizerMissingError):
        read_model([CONFIG, MODEL])
