"""Teacher forcing: each token is scored once, whatever the batches, and texts are split where they meet."""

import numpy as np
import pytest

from scripted import Bytes, Script
from taleproof.errors import EmptyPromptError, PromptTooLongError
from taleproof.score import encode_continuation, score


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
        def encode(self, text: str, *, add_bos: bool | None = None, parse_special: bool = True) -> list[int]:
            return [token for pair in (text[i : i + 2] for i in range(0, len(text), 2)) for token in [hash(pair)]]

    before, after = encode_continuation(Pairs(), "abc", "d")
    assert (before, after) == (Pairs().encode("ab"), Pairs().encode("cd"))
