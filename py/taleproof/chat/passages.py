# SPDX-License-Identifier: Apache-2.0
"""What of a long story a model is given: texts and a test of their length come in, the text that fits goes out.

A story is a row of passages. The first one stays, and so does the last; where they are too many, the oldest of those
between leave, whole. An author's note is set in before a paragraph, counted from the end of what is left, as KoboldAI
does. All of it is a pure function of texts: nothing here knows of models.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from taleproof.errors import InvalidSettingError


MAX_DEPTH = 1000

BREAK = "\n\n"
"""What stands where passages were left out, and after a memory."""

_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*")


@dataclass(frozen=True)
class Note:
    """An author's note.

    Attributes
    ----------
    text : as it stands in the story.
    depth : before which paragraph, counted from the end: 1 is the last one.
    """

    text: str
    depth: int

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= MAX_DEPTH:
            raise InvalidSettingError("note.depth", self.depth, 1, MAX_DEPTH)


def split_passages(text: str, starts: Sequence[int]) -> list[str]:
    """Return a text's passages; ``starts`` says where each begins, ascending, the first one at 0.

    Raises
    ------
    InvalidSettingError : places that are not such.
    """
    places = [*starts, len(text)]
    for at, place in enumerate(places):
        low = 0 if at == 0 else places[at - 1]
        if not low <= place <= (len(text) if at else 0):
            raise InvalidSettingError(f"passages[{at}]", place, low, len(text) if at else 0)
    return [text[begin:end] for begin, end in itertools.pairwise(places)]


def left_out(count: int, fits: Callable[[range], bool]) -> range | None:
    """Return which of so many passages leave: as few as possible, from the second on; None where the least is too long.

    Parameters
    ----------
    fits : whether the story fits without these. If it fits without some, it has to fit without more.
    """
    # Nothing leaves, or the passages from 1 to some number; fits is asked a few times, for encoding takes time.
    if fits(range(1, 1)):
        return range(1, 1)
    too_few, enough = 1, max(count - 1, 1)
    if not fits(range(1, enough)):
        return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if fits(range(1, middle)):
            enough = middle
        else:
            too_few = middle
    return range(1, enough)


def join_passages(passages: Sequence[str], without: range) -> str:
    """Return the text of the passages that stay, a paragraph's break where some were left out."""
    if not without:
        return "".join(passages)
    before, after = "".join(passages[: without.start]), "".join(passages[without.stop :])
    return before + after if before.endswith("\n") or after.startswith("\n") else before + BREAK + after


def with_note(text: str, note: Note) -> str:
    """Return a text with a note in a line of its own, before the paragraph at its depth, or before the first one."""
    starts = [found.start() for found in _PARAGRAPH.finditer(text)] or [len(text)]
    at = starts[-min(note.depth, len(starts))]
    return f"{text[:at]}{note.text}\n{text[at:]}"


def with_memory(memory: str, text: str) -> str:
    """Return a text with what must not be forgotten before it."""
    return text if not memory else memory + ("" if memory.endswith("\n") else BREAK) + text
