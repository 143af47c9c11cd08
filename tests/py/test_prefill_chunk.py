# SPDX-License-Identifier: Apache-2.0
"""Steps of a prompt: as many tokens as fit into the time that a step may last."""

import pytest

from taleproof.tasks.prefill import STEP_SECONDS, TILE, PrefillChunk


def sizes(most: int, rate: float, steps: int = 8) -> list[int]:
    """Return the sizes of the steps on a machine that reads so many tokens a second."""
    chunk, taken = PrefillChunk(most), []
    for _ in range(steps):
        taken.append(chunk.size)
        chunk.update(chunk.size, chunk.size / rate)
    return taken


@pytest.mark.parametrize("rate", [70, 150, 350, 500])
def test_steps_last_as_long_as_they_may_and_no_longer(rate: float) -> None:
    for size in sizes(32, rate)[2:]:
        assert size % TILE == 0
        assert size / rate <= STEP_SECONDS < (size + TILE) / rate


def test_a_fast_machine_comes_to_full_steps_at_once() -> None:
    assert sizes(32, 1e6, 4) == [8, 16, 32, 32]
    assert sizes(2, 1e6, 2) == [2, 2]


def test_a_very_slow_machine_takes_what_the_kernels_take_at_once() -> None:
    assert sizes(32, 3)[1:] == [TILE] * 7


def test_one_slow_step_is_soon_made_up_for() -> None:
    chunk = PrefillChunk(32)
    for seconds in (0.0, 0.0, 30.0):
        chunk.update(chunk.size, seconds)
    assert chunk.size == TILE
    for _ in range(3):
        chunk.update(chunk.size, 0.0)
    assert chunk.size == 32
