# SPDX-License-Identifier: Apache-2.0
"""How a session runs the steps of a model, with an encoder or without one.

Steps come in, logits go out. An encoder's inputs, ids or numbers, are given by name and read as a whole; from there on
the decoder sees them. A text that is encoded may also stand in the session's own sequence of ids: the text, the token
that begins the decoder's text, the decoder's text. So prompts, continued stories and records are the same for these
models as for all others.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from taleproof.device.base import DirectGraph, Row, as_floats
from taleproof.graph.step import IDS, Inputs, Step
from taleproof.models import Logits


class Backend(Protocol):
    """How a session runs one step."""

    def run(self, ids: Sequence[int], position: int, logits: Logits) -> Row | None:
        """Return logits (vocab,) or (T * vocab,), or None if none were asked for."""
        ...


class GraphBackend:
    """A model's graphs. A decoder's steps see what was encoded last."""

    def __init__(self, graphs: Mapping[str, DirectGraph]) -> None:
        self._graphs = graphs
        self._encoded = 0

    def encode(self, rows: int, inputs: Inputs) -> None:
        """Run the encoder on inputs of so many rows; if it fails, the cache holds nothing for the decoder."""
        self._encoded = 0
        self._graphs["read"].run(Step(rows, 0, inputs))
        self._encoded = rows

    def run(self, ids: Sequence[int], position: int, logits: Logits) -> Row | None:
        """Run a step."""
        return self._graphs[logits].run(Step(len(ids), position, {IDS: ids}, self._encoded))


class EncoderDecoder:
    """Parts a sequence that begins with the encoder's text, or takes the encoder's inputs apart from it.

    Parameters
    ----------
    start : the token that the decoder's text begins with.
    """

    def __init__(self, graphs: GraphBackend, start: int) -> None:
        self._graphs = graphs
        self._start = start
        self._source: list[int] = []  # of the sequence, those before the start token
        self._read: list[int] | None = None  # what the cache holds of a source; None where it holds other inputs
        self._apart = False

    def encode(self, rows: int, inputs: Inputs) -> None:
        """Run the encoder on inputs of so many rows; the sequence after it is the decoder's text alone."""
        self._source, self._read, self._apart = [], None, False
        self._graphs.encode(rows, inputs)
        self._apart = True

    def run(self, ids: Sequence[int], position: int, logits: Logits) -> Row | None:
        """Run a step; a token of the source has NaN for its logits.

        Raises
        ------
        ValueError : logits are asked for, and the text has not begun; or nothing was encoded before it.
        """
        self._apart = self._apart and (position > 0 or ids[0] == self._start)
        if self._apart:
            return self._graphs.run(ids, position, logits)
        if position > len(self._source):
            return self._graphs.run(ids, position - len(self._source), logits)
        before = list(ids).index(self._start) if self._start in ids else len(ids)
        self._source[position:] = ids[:before]
        text = ids[before:]
        if not text and logits == "none":
            return None
        if not text or not self._source:
            raise ValueError(f"a source and the token {self._start} must come before logits can")
        if self._read != self._source:
            self._read = None  # if reading fails, the cache holds neither
            self._graphs.encode(len(self._source), {IDS: self._source})
            self._read = list(self._source)
        result = self._graphs.run(text, 0, logits)
        if logits != "all" or not before or result is None:
            return result
        rows = as_floats(result).reshape(len(text), -1)
        return np.concatenate([np.full((before, rows.shape[1]), np.nan, np.float32), rows]).reshape(-1)
