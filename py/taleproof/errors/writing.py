# SPDX-License-Identifier: Apache-2.0
"""Errors of what was asked for: prompts and settings."""

from collections.abc import Sequence

from taleproof.errors.base import TaleproofError, fact, plain, shown


class EmptyPromptError(TaleproofError):
    """Nothing to begin with, for a model that has no token for the beginning of a text either."""

    code = "empty-prompt"

    def __init__(self) -> None:
        super().__init__(
            "The opening is empty, and this model can't begin from nothing. Write the first words of the story."
        )


class InvalidChoiceError(TaleproofError):
    """A setting that is none of the words that it can be."""

    code = "invalid-choice"

    def __init__(self, setting: str, value: object, choices: Sequence[str]) -> None:
        super().__init__(
            f"{setting} can't be {shown(value)}. Choose one of {', '.join(choices)}.",
            {"setting": setting, "value": fact(value), "choices": [*choices]},
        )


class InvalidSettingError(TaleproofError):
    """A setting out of its range."""

    code = "invalid-setting"

    def __init__(self, setting: str, value: object, low: float | str, high: float | str) -> None:
        super().__init__(
            f"{setting} can't be {shown(value)}: it must be from {low} to {high}. Change it and try again.",
            {"setting": setting, "value": fact(value), "low": fact(low), "high": fact(high)},
        )


class NoModelError(TaleproofError):
    """A story asked for before a model was opened, or after it was closed."""

    code = "no-model"

    def __init__(self) -> None:
        super().__init__("No model is open. Choose one first, then begin the story.")


class NothingToContinueError(TaleproofError):
    """A story that came to its own end, or that is being written, can't be continued."""

    code = "nothing-to-continue"

    def __init__(self) -> None:
        super().__init__("This story has come to its end. Start again, or begin another one with its last lines.")


class OtherTaskError(TaleproofError):
    """Something that a model of this kind does not do."""

    code = "other-task"

    def __init__(self, name: str, task: str, wanted: str) -> None:
        name = plain(name)
        super().__init__(
            f"{name} was opened to {task}, so it can't {wanted}. Open a model that can.",
            {"name": name, "task": task, "wanted": wanted},
        )


class PromptTooLongError(TaleproofError):
    """An opening of more tokens than the model can read at once."""

    code = "prompt-too-long"

    def __init__(self, tokens: int, context: int) -> None:
        super().__init__(
            f"The opening has {tokens:,} tokens, and this model reads {context:,} at most. Shorten the opening.",
            {"tokens": tokens, "context": context},
        )


class StoryTooLongError(TaleproofError):
    """A story whose first and last passage do not fit into the context, with what is to be written."""

    code = "story-too-long"

    def __init__(self, tokens: int, max_tokens: int, context: int) -> None:
        super().__init__(
            f"The beginning of the story and its last passage have {tokens:,} tokens, and {max_tokens:,} are to "
            f"follow; together they have to be at most {context:,}. Write fewer at once, shorten the memory, the note "
            "or these passages, or open the model with a longer context.",
            {"tokens": tokens, "max_tokens": max_tokens, "context": context},
        )


class StillWritingError(TaleproofError):
    """Something asked for that has to wait until the story in the making has ended."""

    code = "still-writing"

    def __init__(self) -> None:
        super().__init__("A story is still being written. Wait for its end, or stop it, and ask again.")
