# SPDX-License-Identifier: Apache-2.0
"""What the parts of a tokenizer.json may make of one text: so many characters, in so much time.

A part that makes twenty characters of one is real; sixty-four of them in turn make more than any memory holds. So one
budget goes with a text from part to part, and a part asks it before it makes a text longer, where it can, and before it
runs an expression of the file. Time is the processor's, so that a busy machine refuses nothing that an idle one takes.
A text is refused, or it has the ids that it always has.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from taleproof.errors import TokenizerLimitError


T = TypeVar("T")

GROWTH = 4
"""Characters that a text may gain for each of its own: spelt in bytes, one becomes four at most."""

FLOOR = 1 << 16
"""Characters that any text may gain."""

SECONDS = 0.5
SECONDS_PER_CHARACTER = 1e-5
"""The expressions of known files need a hundredth of a second for 100,000 characters, a tenth in a browser; there
time is the clock's, and other programs on a slow machine may take most of it."""


class Budget:
    """What is left for one text.

    Parameters
    ----------
    file : what messages call the tokenizer's file.
    given : characters of the text.
    floor : characters that it may gain, however short it is.
    """

    def __init__(self, file: str, given: int, floor: int = FLOOR) -> None:
        self._file = file
        self._characters = floor + GROWTH * given
        self._seconds = SECONDS + SECONDS_PER_CHARACTER * given

    def grow(self, part: str, characters: int) -> None:
        """Take characters that a part adds to the text; a text that shrinks gives nothing back.

        Raises
        ------
        TokenizerLimitError : there are not so many left.
        """
        if characters > 0:
            self._characters -= characters
            if self._characters < 0:
                raise TokenizerLimitError(self._file, part, "makes a text too long")

    def timed(self, part: str, work: Callable[[float], T]) -> T:
        """Return what an expression of the file finds, given the seconds that are left.

        Raises
        ------
        TokenizerLimitError : it needs more of them.
        """
        began = time.process_time()
        try:
            if self._seconds <= 0:
                raise TimeoutError
            return work(self._seconds)
        except TimeoutError:
            raise TokenizerLimitError(self._file, part, "takes too long") from None
        finally:
            self._seconds -= time.process_time() - began
