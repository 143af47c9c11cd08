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
        self._graphs["encode"].run(Step(rows, 0, inputs))
        self._encoded = rows

    def run(self, ids: Sequence[int], position: int, logits: Logits) -> Row | None:
        """Run a step."""
        return self._graphs[logits].run(Step(len(ids), position, {IDS: ids}, self._encoded))


class EncoderDecoder:
    """Splits a sequence that begins with the encoder's text, or takes the encoder's inputs separately.

    Parameters
    ----------
    start : the token that the decoder's text begins with.
    """

    def __init__(self, graphs: GraphBackend, start: int) -> None:
        self._graphs = graphs
        self._start = start
        self._encoder_ids: list[int] = []  # of the sequence, those before the start token
        self._encoded_ids: list[int] | None = None  # of what the cache holds; None where they were not in the sequence
        self._separate = False  # whether the encoder's inputs were given by ``encode``

    def encode(self, rows: int, inputs: Inputs) -> None:
        """Run the encoder on inputs of so many rows; the sequence after it is the decoder's text alone."""
        self._encoder_ids, self._encoded_ids, self._separate = [], None, False
        self._graphs.encode(rows, inputs)
        self._separate = True

    def run(self, ids: Sequence[int], position: int, logits: Logits) -> Row | None:
        """Run a step; a token of the encoder's input has NaN for its logits.

        Raises
        ------
        ValueError : logits are asked for, and the text has not begun; or nothing was encoded before it.
        """
        self._separate = self._separate and (position > 0 or ids[0] == self._start)
        if self._separate:
            return self._graphs.run(ids, position, logits)
        if position > len(self._encoder_ids):
            return self._graphs.run(ids, position - len(self._encoder_ids), logits)
        before = list(ids).index(self._start) if self._start in ids else len(ids)
        self._encoder_ids[position:] = ids[:before]
        text = ids[before:]
        if not text and logits == "none":
            return None
        if not text or not self._encoder_ids:
            raise ValueError(f"the encoder's input and the token {self._start} must come before logits can")
        if self._encoded_ids != self._encoder_ids:
            self._encoded_ids = None  # if the encoder fails, the cache holds neither
            self._graphs.encode(len(self._encoder_ids), {IDS: self._encoder_ids})
            self._encoded_ids = list(self._encoder_ids)
        result = self._graphs.run(text, 0, logits)
        if logits != "all" or not before or result is None:
            return result
        rows = as_floats(result).reshape(len(text), -1)
        return np.concatenate([np.full((before, rows.shape[1]), np.nan, np.float32), rows]).reshape(-1)
