# SPDX-License-Identifier: Apache-2.0
"""A text in the making: the loop's events come in one by one and go out to the caller, and the text is kept.

Iterating is writing: the next token is computed when it is asked for, and who does not ask stops the text. With
``async for`` the loop of asyncio runs between two events.
"""

import asyncio
from typing import Literal

from taleproof.tasks.base import FinishReason, Stats
from taleproof.tasks.generate import Event
from taleproof.tasks.writing import Writing


class Generation:
    """An iterator over the events of one text, for ``for`` and for ``async for``."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing

    @property
    def prompt_tokens(self) -> tuple[int, ...]:
        """The ids that the model reads."""
        return tuple(self._writing.transcript.prompt_ids)

    @property
    def tokens(self) -> list[int]:
        """The ids of the tokens written so far."""
        return self._writing.transcript.tokens

    @property
    def logprobs(self) -> list[float]:
        """Natural logarithms of the probabilities that the model itself gave to each of them."""
        return list(self._writing.transcript.logprobs)

    @property
    def text(self) -> str:
        """The text so far, as the events have it."""
        return self._writing.transcript.text

    @property
    def finish_reason(self) -> FinishReason | Literal["stopped"] | None:
        """stop, stop-string, length or context; stopped where it was closed before; None while it goes on."""
        return self._writing.finish_reason

    @property
    def stats(self) -> Stats:
        """What has been done so far, in what time."""
        return self._writing.stats

    def __iter__(self) -> "Generation":
        return self

    def __next__(self) -> Event:
        try:
            event = self._writing.next()
        except BaseException:
            self.close()
            raise
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> "Generation":
        return self

    async def __anext__(self) -> Event:
        await asyncio.sleep(0)  # others have their turn: a notebook shows what was printed
        try:
            return next(self)
        except StopIteration:
            raise StopAsyncIteration from None

    def close(self) -> None:
        """End the text where it stands; nothing happens to one that has come to its end."""
        self._writing.stop()
