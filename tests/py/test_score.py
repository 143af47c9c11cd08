# SPDX-License-Identifier: Apache-2.0
"""Teacher forcing: each token is scored once, whatever the batches, and texts are split where they meet."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer as Library
from tokenizers import models
from tokenizers.processors import TemplateProcessing

from fixtures.t5_files import WORDS
from scripted import Bytes, Script
from taleproof.errors import EmptyPromptError, PromptTooLongError
from taleproof.formats import ModelFile
from taleproof.io.reader import BytesBlob, FileBlob
from taleproof.tasks.score import encode_continuation, score
from taleproof.tokenizers import Tokenizer, from_llama2c, from_model, from_tokenizer_json
from taleproof.tokenizers.encoder_input import EncoderInputTokenizer
from taleproof.tokenizers.special import Literal
from vocabularies import bpe_metadata, model_file, spm_metadata


class Rows(Script):
    """A session that gives logits for every token of a batch."""

    def forward(self, ids, *, logits="last"):  # type: ignore[no-untyped-def]
        start = self.position
        self.calls.append((start, len(ids), logits))
        self.position += len(ids)
        rows = np.zeros((len(ids), 300), np.float32)
        for i in range(len(ids)):
            rows[i, self.text[(start + i + 1) % len(self.text)]] = 5.0
        return rows if logits == "all" else None


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 50])
@pytest.mark.parametrize("prompt", [1, 3, 6])
def test_scores_each_token_of_the_continuation_once(prompt: int, batch: int) -> None:
    text = b"?hello world"
    scored = list(score(Rows(text, prefill_batch=batch), text[:prompt], b"~~" + text[prompt + 2 :]))
    assert [s.id for s in scored] == list(b"~~" + text[prompt + 2 :])
    assert [s.best for s in scored] == list(text[prompt:])
    right = 5 - np.log(np.exp(5) + 299)
    assert [s.logprob for s in scored] == pytest.approx([right - 5] * 2 + [right] * (10 - prompt), abs=2e-6)


def test_batches_of_the_prompt_alone_ask_for_no_logits() -> None:
    session = Rows(b"?hello world", prefill_batch=2)
    list(score(session, b"?hello", b" wo"))
    assert session.calls == [(0, 2, "none"), (2, 2, "none"), (4, 2, "all"), (6, 2, "all")]


def test_refuses_what_cannot_be_scored() -> None:
    with pytest.raises(EmptyPromptError):
        list(score(Rows(b"x"), [], [1]))
    with pytest.raises(PromptTooLongError):
        list(score(Rows(b"x", n_ctx=4), [1, 2, 3], [4, 5]))


def test_splits_the_ids_of_the_whole_text() -> None:
    assert encode_continuation(Bytes(), "ab", "cd") == (list(b"ab"), list(b"cd"))


def test_a_token_across_the_border_is_the_continuations() -> None:
    class Pairs(Bytes):
        def encode(
            self, text: str, *, add_bos: bool | None = None, parse_special: bool = True, literal: Literal = ()
        ) -> list[int]:
            return [token for pair in (text[i : i + 2] for i in range(0, len(text), 2)) for token in [hash(pair)]]

    before, after = encode_continuation(Pairs(), "abc", "d")
    assert (before, after) == (Pairs().encode("ab"), Pairs().encode("cd"))


TOK512 = Path(__file__).parents[1] / "fixtures" / "tok512.bin"


def _json_tokenizer() -> Tokenizer:
    """Return a tokenizer.json's tokenizer that puts two tokens before every text, and one after it."""
    template = TemplateProcessing(single="<g> <s> $A </s>", special_tokens=[("<g>", 0), ("<s>", 1), ("</s>", 2)])
    words = {text: number for number, text in enumerate(["<g>", "<s>", "</s>", *"abcdefghijklmnop", "mo"])}
    library = Library(models.BPE(words, [("m", "o")]))
    library.add_special_tokens(["<g>", "<s>", "</s>"])
    library.post_processor = template
    blob = BytesBlob(library.to_str().encode(), "tokenizer.json")
    return from_tokenizer_json(ModelFile("model", "safetensors", "llama", {}, {}, 0), blob, None)


TOKENIZERS: dict[str, Callable[[], Tokenizer]] = {
    "bpe": lambda: from_model(model_file(bpe_metadata("llama-bpe", add_eos_token=True, eos_token_id=1))),
    "spm": lambda: from_model(model_file(spm_metadata(add_eos_token=True))),
    "unigram": lambda: from_model(ModelFile("t5.gguf", "GGUF v3", "t5", {**WORDS}, {}, 0)),
    "llama2c": lambda: from_llama2c(FileBlob(TOK512), 512),
    "json": _json_tokenizer,
}


@pytest.mark.parametrize("kind", TOKENIZERS)
@pytest.mark.parametrize(("prompt", "more"), [("ka mo", "mo"), ("kam", "o"), ("ka", " mo"), ("", "mo")])
def test_prompt_and_continuation_are_one_text_that_is_not_at_its_end(kind: str, prompt: str, more: str) -> None:
    """The ids are those of the whole text, less what the model's rule puts after a text."""
    tokenizer = TOKENIZERS[kind]()
    before, after = encode_continuation(tokenizer, prompt, more)
    whole, text = tokenizer.encode(prompt + more), tokenizer.encode(prompt + more, add_bos=False)
    ends = kind != "llama2c"
    assert [*before, *after] == (whole[:-1] if ends else whole)
    assert (whole[-1] in tokenizer.eos_ids) == ends
    assert after == text[len(text) - len(after) :] != []
    assert len(before) <= len(tokenizer.encode(prompt))


def test_a_source_and_what_is_written_are_two_texts() -> None:
    inner = from_model(ModelFile("t5.gguf", "GGUF v3", "t5", {**WORDS}, {}, 0))
    before, after = encode_continuation(EncoderInputTokenizer(inner, 0), "kam", "o")
    assert before == [*inner.encode("kam"), 0]
    assert after == inner.encode("o", add_bos=False)
