# SPDX-License-Identifier: Apache-2.0
"""Sessions of models that read a source before they write: one sequence of ids, parted where the text begins.

In come ids as any session has them: the source, the token that begins the text, the text. The source is gathered,
whatever steps it comes in, and read as a whole when that token comes; from there on the decoder runs. So prompts,
continued stories and receipts are the same for these models as for all others.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from taleproof.device.base import Row, as_floats
from taleproof.models import Logits


class Backend(Protocol):
    """How a session runs one step."""

    def run(self, ids: Sequence[int], position: int, logits: Logits) -> Row | None:
        """Return logits (vocab,) or (T * vocab,), or None if none were asked for."""
        ...


class SourceReader(Protocol):
    """A backend that can also read a source, and then runs steps that see so many positions of it."""

    def read(self, ids: Sequence[int]) -> None: ...

    def run(self, ids: Sequence[int], position: int, logits: Logits, encoded: int = 0) -> Row | None: ...


class ReadingBackend:
    """Parts a sequence. ``start`` is the token that the text begins with."""

    def __init__(self, reader: SourceReader, start: int) -> None:
        self._reader = reader
        self._start = start
        self._source: list[int] = []
        self._read: list[int] | None = None

    def run(self, ids: Sequence[int], position: int, logits: Logits) -> Row | None:
        """Run a step; a token of the source has NaN for its logits.

        Raises
        ------
        ValueError : logits are asked for, and the text has not begun; or there is no source before it.
        """
        if position > len(self._source):
            return self._reader.run(ids, position - len(self._source), logits, len(self._source))
        before = list(ids).index(self._start) if self._start in ids else len(ids)
        self._source[position:] = ids[:before]
        text = ids[before:]
        if not text and logits == "none":
            return None
        if not text or not self._source:
            raise ValueError(f"a source and the token {self._start} must come before logits can")
        if self._read != self._source:
            self._read = None  # if reading fails, the cache holds neither
            self._reader.read(self._source)
            self._read = list(self._source)
        result = self._reader.run(text, 0, logits, len(self._source))
        if logits != "all" or not before or result is None:
            return result
        rows = as_floats(result).reshape(len(text), -1)
        return np.concatenate([np.full((before, rows.shape[1]), np.nan, np.float32), rows]).reshape(-1)
