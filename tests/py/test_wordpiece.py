# SPDX-License-Identifier: Apache-2.0
"""WordPiece: the ids of Hugging Face's own library, for a vocabulary that it trains here."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as Library
from tokenizers import models, normalizers, pre_tokenizers, processors, trainers

from taleproof.formats import ModelFile
from taleproof.io.reader import BytesBlob
from taleproof.tokenizers import Tokenizer, from_tokenizer_json


ALICE = Path(__file__).parents[1] / "fixtures" / "alice.txt"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TEXTS = (
    "Alice was beginning to get very tired of sitting by her sister on the bank.",
    "DON'T (ever) do-that!!! ... $5.00 + 3% ~ ok`",
    "Ärger: naïve café ΟΔΥΣΣΕΥΣ ǅ İ",
    "中文字, カタカナ, 한국어 and\x00 zero\u200bwidth\ufffd \u00a0nbsp\u2028line",
    "the [MASK] rabbit[SEP]",
    "x" * 101 + " " + "y" * 100,
    "\U0001f98a\U0001f44d\U0001f3fd 1865",
    "",
)


def trained(*, lowercase: bool) -> Library:
    library = Library(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    library.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=600, special_tokens=SPECIAL)
    library.train_from_iterator(ALICE.read_text(encoding="utf-8").splitlines(), trainer)
    library.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return library


def read(said: dict[str, Any]) -> Tokenizer:
    file = ModelFile("model.safetensors", "safetensors", "bert", {}, {}, 0)
    return from_tokenizer_json(file, BytesBlob(json.dumps(said).encode(), "tokenizer.json"), None)


@pytest.mark.parametrize("lowercase", [True, False])
def test_ids_are_the_librarys(lowercase: bool) -> None:
    library = trained(lowercase=lowercase)
    tokenizer = read(json.loads(library.to_str()))
    for text in TEXTS:
        assert tokenizer.encode(text) == library.encode(text).ids, text
    assert tokenizer.vocab_size == library.get_vocab_size()


def test_ids_come_back_as_words() -> None:
    tokenizer = read(json.loads(trained(lowercase=True).to_str()))
    assert tokenizer.decode(tokenizer.encode("Alice was tired")) == "alice was tired"
