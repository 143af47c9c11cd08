# SPDX-License-Identifier: Apache-2.0
"""The one place where a text in the making is kept: the ids that were read and written, the text, how likely it was.

A task owns it, lends it to the loop, which adds to it, and to the session, which computes what it does not have yet.
"""

from collections.abc import Sequence


class Transcript:
    """A prompt and what has been written after it.

    Attributes
    ----------
    ids : all token ids, the prompt's first.
    prompt : how many of them are the prompt's.
    text : what has been shown of those written.
    logprobs : natural logarithms of the probabilities that the model itself gave those written.
    """

    def __init__(self, prompt_ids: Sequence[int]) -> None:
        self.ids = list(prompt_ids)
        self.prompt = len(self.ids)
        self.text = ""
        self.logprobs: list[float] = []

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

    def show(self, text: str) -> None:
        """Take text that was held back until now."""
        self.text += text
