# SPDX-License-Identifier: Apache-2.0
"""A text in the making: the loop's events come in one by one and go out to the caller, and what they say is kept.

Iterating is writing: the next token is computed when it is asked for, and who does not ask stops the text. With
``async for`` the loop of asyncio runs between two events.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Literal

from taleproof.tasks.generate import Event, Finished, FinishReason, Stats, Token


class Generation:
    """An iterator over the events of one text, for ``for`` and for ``async for``.

    Parameters
    ----------
    events : the loop's.
    rest : what was held back of the text, given the ids and the text so far, where it is stopped.

    Attributes
    ----------
    prompt_tokens : the ids that the model reads.
    tokens, logprobs : of the tokens written so far: ids, and natural logarithms of the probabilities that the model
        itself gave them.
    text : so far, as the events have it.
    finish_reason : stop, stop-string, length or context; stopped where it was closed before; None while it goes on.
    stats : what has been done so far, in what time.
    """

    def __init__(
        self, prompt_tokens: tuple[int, ...], events: Iterator[Event], rest: Callable[[list[int], str], str]
    ) -> None:
        self.prompt_tokens = prompt_tokens
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.text = ""
        self.finish_reason: FinishReason | Literal["stopped"] | None = None
        self.stats = Stats(len(prompt_tokens), 0)
        self._events: Iterator[Event] | None = events
        self._rest = rest

    def __iter__(self) -> "Generation":
        return self

    def __next__(self) -> Event:
        if self._events is None:
            raise StopIteration
        try:
            event = next(self._events)
        except BaseException:
            self.close()
            raise
        self._take(event)
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
        self._events = None
        if self.finish_reason is None:
            self.text += self._rest(self.tokens, self.text)
            self.finish_reason = "stopped"

    def _take(self, event: Event) -> None:
        self.text += event.text
        if isinstance(event, Token):
            self.tokens.append(event.id)
            self.logprobs.append(event.logprob)
            self.stats = event.stats
        elif isinstance(event, Finished):
            self._events = None
            self.finish_reason, self.stats = event.reason, event.stats
