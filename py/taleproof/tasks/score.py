# SPDX-License-Identifier: Apache-2.0
"""How likely a model finds a given text: a prompt and its continuation come in, the log-probability of each of the
continuation's tokens goes out, and the token that the model would have preferred.

Nothing is sampled: the model is shown the given token, whatever it would have chosen (teacher forcing).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from taleproof.errors import EmptyPromptError, PromptTooLongError
from taleproof.sampling.chain import argmax
from taleproof.sampling.logprobs import LogProbabilities
from taleproof.tasks.base import Scored
from taleproof.tasks.generate import Session
from taleproof.tasks.writing import Writer
from taleproof.tokenizers import Tokenizer
from taleproof.tokenizers.encoder_input import EncoderInputTokenizer


@dataclass(frozen=True)
class Given:
    """A text that is scored, after a prompt."""

    prompt: str
    text: str


class Score:
    """The Task that says how likely a model finds a given text, token by token."""

    def run(self, model: Writer, given: Given, options: None = None, /) -> Iterator[Scored]:
        """Score; ``score`` says what is refused. The session starts afresh."""
        ids = encode_continuation(model.tokenizer, given.prompt, given.text)
        return score(model.session.lend(), *ids)


def encode_continuation(tokenizer: Tokenizer, prompt: str, continuation: str) -> tuple[list[int], list[int]]:
    """Return the ids of a prompt and of the text after it.

    Both are parts of the ids of the whole text. The continuation begins where the ids of the prompt alone begin to
    differ from these, so that a token which lies across the border belongs to the continuation. A token that the
    model's rule puts after every text is in neither: the text goes on. A model with an encoder and a
    decoder has two texts, each encoded separately.
    """
    if isinstance(tokenizer, EncoderInputTokenizer):
        return tokenizer.encode(prompt), tokenizer.encode(continuation, add_bos=False)
    whole, text = (tokenizer.encode(prompt + continuation, add_bos=rule) for rule in (None, False))
    begin = next((at for at in range(len(whole)) if whole[at : at + len(text)] == text), 0)  # after BOS and its like
    whole = whole[: begin + len(text)]
    before = tokenizer.encode(prompt)[: begin + len(tokenizer.encode(prompt, add_bos=False))]
    common = 0
    while common < min(len(before), len(whole)) and before[common] == whole[common]:
        common += 1
    return whole[:common], whole[common:]


def score(session: Session, prompt_ids: Sequence[int], continuation_ids: Sequence[int]) -> Iterator[Scored]:
    """Score the continuation's tokens one after the other; the session starts afresh.

    Raises
    ------
    EmptyPromptError : nothing comes before the first token.
    PromptTooLongError : prompt and continuation do not fit in the context.
    """
    ids = [*prompt_ids, *continuation_ids]
    if not prompt_ids:
        raise EmptyPromptError
    if len(ids) > session.n_ctx:
        raise PromptTooLongError(len(ids), session.n_ctx)
    session.rewind(0)
    inputs = ids[:-1]  # nothing is asked about what follows the last one
    for start in range(0, len(inputs), session.prefill_batch):
        batch = inputs[start : start + session.prefill_batch]
        has_scored = start + len(batch) >= len(prompt_ids)
        logits = session.forward(batch, logits="all" if has_scored else "none")
        if logits is None:
            continue
        for offset in range(max(0, len(prompt_ids) - 1 - start), len(batch)):
            given = ids[start + offset + 1]
            yield Scored(given, LogProbabilities(logits[offset]).of(given), argmax(logits[offset]))
