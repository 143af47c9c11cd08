# SPDX-License-Identifier: Apache-2.0
"""tokenizer.json beside a model: the one that fits, others, and none. Its ids: test_pipeline.py."""

import json
from pathlib import Path

import pytest
from tokenizers import AddedToken, models, pre_tokenizers
from tokenizers import Tokenizer as Library

from fixtures.families import FAMILIES, GOLDEN, safetensors, weights
from fixtures.llama2_json import llama2_json
from scripted import generate
from taleproof.apps.local import open_local
from taleproof.apps.model_set import read_model
from taleproof.errors import FormatError, TokenizerMissingError, UnknownTokenizerPartError
from taleproof.formats import ModelFile
from taleproof.formats.ggml import vocabulary_keys
from taleproof.io.reader import BytesBlob, FileBlob
from taleproof.sampling.chain import NumpySampler
from taleproof.sampling.config import SamplerConfig
from taleproof.tasks.base import Token
from taleproof.tasks.generate import Limits, encode_prompt
from taleproof.tokenizers import Tokenizer, from_model, from_tokenizer_json
from taleproof.tokenizers.gguf_keys import keys_of_tokenizer_bin


FIXTURES = Path(__file__).parents[1] / "fixtures"


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
    with pytest.raises(FormatError, match=r"another model's tokenizer\. Take the tokenizer\.json"):
        read(larger, {})


def test_a_kind_that_is_not_known_is_named() -> None:
    library = Library(models.WordLevel({"a": 0}, unk_token="a"))
    with pytest.raises(UnknownTokenizerPartError, match="WordLevel"):
        read(library, {})


def test_a_model_without_a_tokenizer_says_so() -> None:
    with pytest.raises(TokenizerMissingError):
        read_model([CONFIG, MODEL])


def test_llamas_vocabulary_gives_the_librarys_ids_and_sentencepieces() -> None:
    keys = vocabulary_keys(FileBlob(FIXTURES / "ggml-vocab.bin"))
    vocabulary = ModelFile("vocab.bin", "ggjt v1", "llama", keys, {}, 0)
    written = llama2_json(vocabulary.texts("tokenizer.ggml.tokens"), vocabulary.numbers("tokenizer.ggml.scores"))
    story_model = ModelFile("stories.bin", "llama2.c v0", "llama", {}, {}, 0)
    tokenizer = from_tokenizer_json(story_model, BytesBlob(written, "tokenizer.json"), None)
    sentencepiece = from_model(vocabulary)
    text = (FIXTURES / "alice.txt").read_text(encoding="utf-8")
    ids = tokenizer.encode(text)
    assert ids == Library.from_str(written.decode()).encode(text).ids == sentencepiece.encode(text)
    assert tokenizer.decode(ids) == text
    assert (tokenizer.bos_id, tokenizer.eos_ids) == (1, frozenset({1, 2}))  # BOS stands between llama2.c's stories


def test_a_llama2c_model_writes_the_same_with_its_tokenizer_as_json(tmp_path: Path) -> None:
    keys = keys_of_tokenizer_bin(FileBlob(FIXTURES / "tok512.bin"), 512)
    words = tmp_path / "tokenizer.json"
    file = ModelFile("tok512.bin", "llama2.c v0", "llama", keys, {}, 0)
    words.write_bytes(llama2_json(file.texts("tokenizer.ggml.tokens"), file.numbers("tokenizer.ggml.scores")))
    stories = []
    for tokenizer in (words, FIXTURES / "tok512.bin"):
        model = open_local(FIXTURES / "stories260K.bin", tokenizer=tokenizer, backend="numpy")
        prompt = encode_prompt(model.tokenizer, "Once upon a time, a cat")
        sampler = NumpySampler(SamplerConfig())
        events = list(generate(model.engine.session(), model.tokenizer, prompt, sampler, Limits(60)))
        stories.append((prompt, [event.id for event in events if isinstance(event, Token)]))
        assert model.tokenizer_digests is not None
    assert stories[0] == stories[1]
    assert len(stories[0][1]) == 60


def _with_added(*added: AddedToken) -> Library:
    words = [*"abx\n ", "\u0120", "\u010a"]
    library = Library(models.BPE({word: i for i, word in enumerate(words)}, []))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    library.add_tokens(list(added))
    return library


@pytest.mark.parametrize(
    "text", ["<a>\n\nx", "<a>  x", "<a> \n\nx", "<a>x", "x <a>  \n\n<a> ", "<a> \n \n\n  x", "\n\n<a>"]
)
@pytest.mark.parametrize("left", [False, True])
def test_a_token_that_takes_white_space_leaves_that_which_is_a_token(text: str, left: bool) -> None:
    """The ids are the library's."""
    white = [AddedToken(spaces, normalized=False) for spaces in ("\n\n", "  ")]
    library = _with_added(AddedToken("<a>", rstrip=True, lstrip=left, normalized=False), *white)
    assert read(library, {}).encode(text) == library.encode(text).ids


def test_an_added_token_that_is_too_long_to_be_looked_for_is_refused() -> None:
    longest = _with_added(AddedToken("a" * 256, normalized=False))
    assert read(longest, {}).encode("a" * 256) == longest.encode("a" * 256).ids
    with pytest.raises(FormatError, match="more than 256 characters"):
        read(_with_added(AddedToken("a" * 257)), {})
