# SPDX-License-Identifier: Apache-2.0
"""A model and a tokenizer that follow a script: for tests of what is done with tokens, not of numbers."""

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import NumericsError
from taleproof.sampling.logits_digests import LogitsDigests
from taleproof.tasks.generate import Event, Limits, ReusableSession, Sampler, Session
from taleproof.tasks.generate import generate as write
from taleproof.tasks.transcript import Transcript
from taleproof.tokenizers import Tokenizer
from taleproof.tokenizers.special import Literal


VOCAB = 300
EOS = 299
BOS = 298


class Bytes:
    """A tokenizer with a token for every byte."""

    vocab_size = VOCAB
    eos_ids = frozenset({EOS})
    bos_token = ""
    eos_token = ""
    add_bos = False

    def __init__(self, bos_id: int | None = None) -> None:
        self.bos_id = bos_id

    def encode(
        self, text: str, *, add_bos: bool | None = None, parse_special: bool = True, literal: Literal = ()
    ) -> list[int]:
        return [*([] if self.bos_id is None else [self.bos_id]), *text.encode()]

    def decode(self, ids: Sequence[int]) -> str:
        return bytes(i for i in ids if i < 256).decode("utf-8", "replace")

    def token_bytes(self, token: int, *, after: int | None = None) -> bytes:
        return bytes([token]) if token < 256 else b""


class Script:
    """A session whose best token at each position is written down: the text that follows the first token."""

    def __init__(self, text: bytes, n_ctx: int = 1000, prefill_batch: int = 4) -> None:
        self.text = [*text, EOS]
        self.n_ctx = n_ctx
        self.prefill_batch = prefill_batch
        self.position = 0
        self.calls: list[tuple[int, int, str]] = []  # position, tokens, logits
        self.fail_at: int | None = None

    def forward(self, ids: Sequence[int], *, logits: str = "last") -> NDArray[np.float32] | None:
        assert self.position + len(ids) <= self.n_ctx
        if self.fail_at is not None and self.position >= self.fail_at:
            self.position += 1
            raise NumericsError("layer 3")
        self.calls.append((self.position, len(ids), logits))
        self.position += len(ids)
        if logits == "none":
            return None
        row = np.zeros((1, VOCAB), np.float32)
        row[0, self.text[self.position % len(self.text)]] = 5.0
        return row

    def step(self, ids: Sequence[int]) -> NDArray[np.float32]:
        rows = self.forward(ids)
        assert rows is not None
        row: NDArray[np.float32] = rows[0]
        return row

    def rewind(self, position: int) -> None:
        assert 0 <= position <= self.position
        self.position = position


def generate(
    session: Session | ReusableSession,
    tokenizer: Tokenizer,
    ids: Sequence[int],
    sampler: Sampler,
    limits: Limits,
    *,
    written: int = 0,
    logits_digests: LogitsDigests | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Event]:
    """Write after ids, the last ``written`` of which were written before, with a transcript of their own."""
    transcript = Transcript(ids[: len(ids) - written])
    for token in ids[len(ids) - written :]:
        transcript.add(token, "", 0.0)
    return write(session, tokenizer, transcript, sampler, limits, logits_digests=logits_digests, clock=clock)
