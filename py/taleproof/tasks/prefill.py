# SPDX-License-Identifier: Apache-2.0
"""The prefill chunk: how many tokens of a prompt one step reads. Few on a slow machine, so that Stop is quick there.

In come the steps and their times; out goes the size of the next one. What is computed does not depend on it: the same
prompt cut in other steps gives the same bits.
"""

STEP_SECONDS = 0.06
"""What a step may last: with a batch of events before it (apps/worker/story.py), Stop takes under 0.1 seconds."""

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
        in_time = tokens * STEP_SECONDS / seconds if seconds > 0 else self._max_size
        size = int(min(in_time, 2 * self.size)) // TILE * TILE
        self.size = min(max(size, TILE), self._max_size)
