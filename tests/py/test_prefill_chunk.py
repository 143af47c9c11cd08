# SPDX-License-Identifier: Apache-2.0
"""Steps of a prompt: as many tokens as fit into the time that a step may last."""

from collections.abc import Iterator

import pytest

from taleproof.tasks.prefill import STEP_SECONDS, TILE, PrefillChunk


LONGEST = 1.35 * STEP_SECONDS
"""What a step of a machine that goes at one pace may last, once it is known: Stop still takes under 0.1 seconds."""


def steps(most: int, weights: float, token: float, *, cold: float = 1.0) -> Iterator[tuple[int, float]]:
    """Yield sizes and seconds of steps, where weights take so many seconds a step, and each token adds some.

    Parameters
    ----------
    cold : how many times as long the first step takes.
    """
    chunk = PrefillChunk(most)
    while True:
        seconds = (weights + chunk.size * token) * cold
        yield chunk.size, seconds
        chunk.update(chunk.size, seconds)
        cold = 1.0


def sizes(most: int, seconds: float, count: int) -> list[int]:
    """Return the sizes of the first steps of a machine that takes so long for each token and for nothing else."""
    taken = steps(most, 0.0, seconds)
    return [next(taken)[0] for _ in range(count)]


@pytest.mark.parametrize("cold", [1.0, 5.0])
@pytest.mark.parametrize(
    ("weights", "token"),
    [
        (0.0276, 0.0033),  # as measured with SmolLM2-135M in Q8_0 and one thread
        (0.0, 1 / 70),
        (0.0, 1 / 150),
        (0.0, 1 / 350),
        (0.0, 1 / 500),
        (0.010, 0.001),
        (0.040, 0.0005),
    ],
)
def test_steps_last_about_as_long_as_they_may(weights: float, token: float, cold: float) -> None:
    taken = steps(32, weights, token, cold=cold)
    for _ in range(8):
        next(taken)
    later = [next(taken) for _ in range(24)]
    assert all(size % TILE == 0 and seconds <= LONGEST for size, seconds in later)
    # As fast as with the largest size that fits: no size is kept for ever because a larger one looks too slow.
    fitting = max((n for n in range(TILE, 33, TILE) if weights + n * token <= STEP_SECONDS), default=TILE)
    best = fitting / (weights + fitting * token)
    assert sum(size for size, _ in later) / sum(seconds for _, seconds in later) >= 0.97 * best


def test_a_fast_machine_comes_to_full_steps_at_once() -> None:
    assert sizes(32, 1e-6, 4) == [8, 16, 32, 32]
    assert sizes(2, 1e-6, 2) == [2, 2]


def test_a_very_slow_machine_takes_what_the_kernels_take_at_once() -> None:
    assert sizes(32, 1 / 3, 8)[1:] == [TILE] * 7


def test_one_slow_step_is_soon_made_up_for() -> None:
    chunk = PrefillChunk(32)
    for seconds in (0.0, 0.0, 30.0):
        chunk.update(chunk.size, seconds)
    assert chunk.size == TILE
    for _ in range(3):
        chunk.update(chunk.size, 0.0)
    assert chunk.size == 32
