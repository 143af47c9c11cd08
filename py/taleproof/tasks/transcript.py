# SPDX-License-Identifier: Apache-2.0
"""The one place where a text in the making is kept: the ids that were read and written, the text, how likely it was.

A task owns it, lends it to the loop, which adds to it, and to the session, which computes what it does not have yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cut:
    """The end of a text that was given out, and is no part of it.

    Attributes
    ----------
    tokens : how many.
    text : what was shown of them.
    """

    tokens: int
    text: str


class Transcript:
    """A prompt and what has been written after it.

    Attributes
    ----------
    ids : all token ids, the prompt's first.
    prompt : how many of them are the prompt's.
    text : what has been shown of those written.
    logprobs : natural logarithms of the probabilities that the model itself gave those written.
    cut_off : tokens, each with its logprob, that were chosen and are not part of the text: where the text goes on, they
        come first, so that it becomes the one that a higher limit would have given.
    ends : how often the model has chosen to end the text.
    no_end_before : past the last of these ends the text can't end before it has so many tokens.
    """

    def __init__(self, prompt_ids: Sequence[int]) -> None:
        self.ids = list(prompt_ids)
        self.prompt = len(self.ids)
        self.text = ""
        self.logprobs: list[float] = []
        self.cut_off: list[tuple[int, float]] = []
        self.ends = 0
        self.no_end_before = 0

    @property
    def written(self) -> int:
        """How many tokens have been written."""
        return len(self.ids) - self.prompt

    @property
    def prompt_ids(self) -> list[int]:
        """The ids that were given."""
        return self.ids[: self.prompt]

    @property
    def tokens(self) -> list[int]:
        """The ids that have been written."""
        return self.ids[self.prompt :]

    def add(self, token: int, text: str, logprob: float) -> None:
        """Take a written token, and the text that it lets be shown."""
        self.ids.append(token)
        self.logprobs.append(logprob)
        self.text += text

    def cut(self, written: int, text: str) -> Cut | None:
        """Keep so many of the tokens written, and the text; return what is cut off, None for nothing.

        Parameters
        ----------
        text : the beginning of the text that is kept.
        """
        cut = Cut(self.written - written, self.text[len(text) :])
        self.cut_off = [*zip(self.tokens[written:], self.logprobs[written:], strict=True), *self.cut_off]
        del self.ids[self.prompt + written :], self.logprobs[written:]
        self.text = text
        return cut if cut.tokens else None

    def meet_end(self, tokens: int) -> bool:
        """Note that the model has chosen to end the text here; return whether it is the first time at this place.

        Parameters
        ----------
        tokens : where the text goes on, so many can't end it.
        """
        if self.ends and self.no_end_before == self.written + tokens:
            return False
        self.ends += 1
        self.no_end_before = self.written + tokens
        return True

    def show(self, text: str) -> None:
        """Take text that was held back until now."""
        self.text += text
