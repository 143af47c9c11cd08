# SPDX-License-Identifier: Apache-2.0
"""The prefill chunk: how many tokens of a prompt one step reads. Few on a slow machine, so that Stop is quick there.

In come the steps and their times; out goes the size of the next one. What is computed does not depend on it: the same
prompt cut in other steps gives the same bits.
"""

STEP_SECONDS = 0.06
"""What a step should last: with a batch of events before it (apps/worker/story.py), Stop takes under 0.1 seconds."""

SHARED = 0.5
"""The part of a short step's time that another token does not add to: the weights are read once for all of them.

Measured with SmolLM2-135M in Q8_0 and one thread: 0.68 of a step of 4 tokens, 0.51 of one of 8, 0.34 of one of 16.
"""

TOLERANCE = 1.25
"""How far a step may go over STEP_SECONDS: one size is kept, where the next smaller one would be a third slower."""

FIRST = 8
"""Tokens of the very first step, when nothing is known yet."""

TILE = 4
"""Tokens that the kernels take at once; fewer would hardly be faster."""


class PrefillChunk:
    """The size of a prompt's steps, which follows the times that they take.

    Attributes
    ----------
    size : tokens of the next step.

    Parameters
    ----------
    max_size : tokens that a step may have.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self.size = min(FIRST, max_size)

    def update(self, tokens: int, seconds: float) -> None:
        """Note how long a step took. One slow step is soon made up for: sizes double where there is time."""
        if seconds <= 0:
            fitting: float = self._max_size
        else:
            fitting = tokens * STEP_SECONDS / seconds
            if seconds <= TOLERANCE * STEP_SECONDS:
                # In proportion, a machine that takes 4 tokens in 40 ms and 8 in 55 would stay with 4.
                longer = tokens * (TOLERANCE * STEP_SECONDS / seconds - SHARED) / (1 - SHARED)
                fitting = max(fitting, min(longer, tokens + TILE))
        size = int(min(fitting, 2 * self.size)) // TILE * TILE
        self.size = min(max(size, TILE), self._max_size)
