# SPDX-License-Identifier: Apache-2.0
"""What a chat template may cost, counted: the same on every machine, unlike a clock.

A step is one part of a template evaluated, one element of a list made or visited, or 256 characters handled. Everything
is charged before it is made. Refused with TemplateRefusal: what goes over a limit.
"""

MAX_STEPS = 100_000
"""Today's templates take some hundred for a message. As many take half a second, or two in a browser."""

MAX_CHARACTERS = 8 << 20
"""Of all texts that are made on the way; at most 32 MB of memory."""

CHARACTERS_A_STEP = 256

COMPARED_A_STEP = 4096
"""Characters compared in a search, which takes up to the product of both lengths."""

MAX_DEPTH = 200
"""Of parts being evaluated inside one another, those of macros that call macros included. Real templates reach some 40,
and Python's own limit, which is not the same in every place, lies beyond."""


class TemplateRefusal(Exception):  # noqa: N818 - it is no fault of the program's, but its answer
    """What a template does is not allowed, or can't be done; the message completes "The template failed: ...".

    Internal to this package: chat/prompt.py makes a ChatTemplateError of it.
    """


class Budget:
    """The steps and characters that are left to one rendering."""

    def __init__(self) -> None:
        self._steps_left = MAX_STEPS
        self._characters_left = MAX_CHARACTERS
        self._depth = 0

    def spend(self, steps: int = 1) -> None:
        """Pay for some steps."""
        self._steps_left -= steps
        if self._steps_left < 0:
            raise TemplateRefusal(f"it takes more than {MAX_STEPS:,} steps")

    def make_text(self, length: int) -> None:
        """Pay for a text of this length, before it is made."""
        self._characters_left -= length
        if self._characters_left < 0:
            raise TemplateRefusal(f"it makes more than {MAX_CHARACTERS:,} characters of text")
        self.spend(length // CHARACTERS_A_STEP + 1)

    def read_text(self, length: int) -> None:
        """Pay for going through a text of this length."""
        self.spend(length // CHARACTERS_A_STEP + 1)

    def search(self, text: str, wanted: str) -> None:
        """Pay for looking for one text in another."""
        self.spend(len(text) // CHARACTERS_A_STEP + len(text) * len(wanted) // COMPARED_A_STEP + 1)

    def enter(self) -> None:
        """Begin to evaluate a part inside another; ``leave`` ends it."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TemplateRefusal(f"its parts call one another more than {MAX_DEPTH} deep")
        self.spend()

    def leave(self) -> None:
        """End what ``enter`` began."""
        self._depth -= 1
