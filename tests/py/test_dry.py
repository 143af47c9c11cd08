# SPDX-License-Identifier: Apache-2.0
"""DRY by the rule of its pull request: tables worked out by hand, and matches found by comparing every slice."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taleproof.sampling.chain import NumpySampler
from taleproof.sampling.config import SamplerConfig
from taleproof.sampling.dry import BREAKER, LONGEST_MATCH, BreakerMarks, apply_dry, longest_matches, penalty


A, B, C, D, E = range(5)
VOCAB = 6


def test_the_example_of_llama_cpp() -> None:
    """llama-sampling.cpp: of "a b c c b c y a b c" the repeat counts are 0 0 3 1 0 2 0; c follows 3, b 1, y 2."""
    y = 3
    history = [A, B, C, C, B, C, y, A, B, C]
    assert longest_matches(history, VOCAB) == {C: 3, B: 1, y: 2}
    logits = apply_dry(np.zeros(VOCAB, np.float32), history, 0.75, 2.0, 2)
    assert logits.tolist() == [0.0, 0.0, -1.5, -0.75, 0.0, 0.0]


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ([], {}),
        ([A], {}),
        ([A, B], {}),
        ([A, A], {A: 1}),
        ([A, A, A, A], {A: 3}),
        ([A, B, C, A, B], {C: 2}),
        ([A, B, C, D, B, E, A, B], {C: 2, E: 1}),
        ([A, BREAKER, C, A, BREAKER], {}),
        ([A, B, BREAKER, A, B], {}),
        ([A, BREAKER, B, C, A, BREAKER, B], {C: 1}),
        ([A, 999, B, A, 999], {}),
    ],
)
def test_matches_worked_out_by_hand(history: list[int], found: dict[int, int]) -> None:
    assert longest_matches(history, VOCAB) == found


def every_slice(history: Sequence[int]) -> dict[int, int]:
    """Compare the end of the history with every slice of the same length before it."""
    found: dict[int, int] = {}
    for length in range(1, LONGEST_MATCH + 1):
        end = history[len(history) - length :]
        for start in range(len(history) - length):
            token = history[start + length]
            if history[start : start + length] == end and max(end) < VOCAB and token < VOCAB:
                found[token] = length
    return found


@given(st.lists(st.sampled_from([A, B, C, BREAKER]), max_size=40) | st.lists(st.just(A), max_size=120))
def test_matches_are_those_of_every_slice(history: list[int]) -> None:
    assert longest_matches(history, VOCAB) == every_slice(history)


@pytest.mark.parametrize(
    ("length", "multiplier", "base", "allowed", "loss"),
    [
        (2, 0.8, 1.75, 2, float(np.float32(0.8))),
        (4, 0.5, 2.0, 2, 2.0),
        (3, 3.0, 1.5, 1, 6.75),
        (50, 1.0, 1.0, 1, 1.0),
        (22, 1.0, 2.0, 2, 2.0**20),
        (50, 100.0, 100.0, 1, 2.0**20),
    ],
)
def test_the_loss_is_multiplier_times_a_power(
    length: int, multiplier: float, base: float, allowed: int, loss: float
) -> None:
    assert float(penalty(length, multiplier, base, allowed)) == loss


@given(st.integers(2, 50), st.floats(0.01, 100), st.floats(1.0, 3.0))
def test_powers_are_those_of_double_precision_within_their_roundings(
    length: int, multiplier: float, base: float
) -> None:
    """Each float32 product is off by half a unit at most, 2**-24 of it, and so are both factors."""
    true = min(multiplier * base ** (length - 2), 2.0**20)
    assert float(penalty(length, multiplier, base, 2)) == pytest.approx(true, rel=(2 * length + 2) * 2.0**-24)


TEXTS = [b"a", b"\n", b".\n\n", b"Ali", b"ce", b":", "é".encode()[:1], "é".encode()[1:]]


@pytest.mark.parametrize(
    ("breakers", "history", "marked"),
    [
        ((), [0, 1, 2], []),
        (("\n",), [0, 1, 0, 2, 0], [1, 3]),
        (("Alice",), [3, 4, 3, 0, 4], [1]),
        (("Alice:", "\n"), [3, 4, 5, 4, 5], [2]),
        (("é",), [6, 7, 7, 6, 7], [1, 4]),
    ],
)
def test_a_breaker_is_the_token_that_ends_its_text(
    breakers: tuple[str, ...], history: list[int], marked: list[int]
) -> None:
    marks = BreakerMarks(breakers, TEXTS.__getitem__)
    for end in range(len(history) + 1):  # a text that grows
        assert list(marks.mark(history[:end])) == [
            BREAKER if i in marked else token for i, token in enumerate(history[:end])
        ]
    assert list(marks.mark([0, *history]))[1:] == list(marks.mark(history))  # another text, then the first again


def test_the_sampler_takes_what_does_not_repeat() -> None:
    logits = np.array([0.0, 0.0, 3.0, 2.5, 0.0, 0.0], np.float32)
    history = [A, B, C, D, A, B]

    def chosen(**settings: Any) -> int:
        return NumpySampler(SamplerConfig(dry_multiplier=0.8, **settings)).sample_token(logits, history)

    assert chosen() == D
    assert chosen(dry_last_n=0) == C
    assert chosen(dry_last_n=5) == C  # from the second token on there is a match of one token only
    assert chosen(dry_allowed_length=3) == C
