# SPDX-License-Identifier: Apache-2.0
"""Texts as vectors: an encoder that is opened, and what it makes of texts.

In come a ModelFile and its bytes, which have been hashed and found right; out go vectors of length 1, whose products
say how near two texts are. A text is one step of the kernels, because every token sees all others; one that is longer
than WINDOW is cut, and its vector is the mean of its windows', each counted by its tokens.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from taleproof.device.base import DirectDevice, as_floats
from taleproof.device.numpy import NumpyDevice
from taleproof.device.wasm import WasmDevice
from taleproof.errors import ContextOverflowError, NumericsError
from taleproof.formats import ModelFile
from taleproof.graph.step import IDS, Step
from taleproof.io.reader import Blob
from taleproof.memory.arena import Arena
from taleproof.models import EncoderConfig, load_encoder
from taleproof.tasks.base import Progress, Vector
from taleproof.tokenizers import Tokenizer


Floats = NDArray[np.float32]
A = TypeVar("A")
P = TypeVar("P")
W = TypeVar("W")
C = TypeVar("C")

WINDOW = 256
"""Tokens of a text that are taken together, those that begin and end it included: what sentence encoders are trained
with. They know more positions, but say less of texts that use them."""


class Embedder:
    """An opened encoder. ``open_numpy`` and ``open_wasm`` make one."""

    def __init__(self, file: ModelFile, config: EncoderConfig, run: Callable[[Sequence[int]], Floats]) -> None:
        self.file = file
        self.config = config
        self._run = run

    def embed(self, ids: Sequence[int]) -> Floats:
        """Return the vector of a text's tokens.

        Parameters
        ----------
        ids : token ids, those that begin and end a text with them.

        Returns
        -------
        float32 (dim,), of length 1

        Raises
        ------
        ContextOverflowError : more tokens than the model knows positions.
        NumericsError : a number that is not finite.
        """
        text = self.config.text
        if len(ids) > text.n_ctx_train:
            raise ContextOverflowError(len(ids), text.n_ctx_train)
        if not ids or min(ids) < 0 or max(ids) >= text.vocab_size:
            raise ValueError(f"token ids must be from 0 to {text.vocab_size - 1}, and one at least")
        vector = self._run(ids)
        if not np.isfinite(vector).all():
            raise NumericsError("the text's vector")
        return vector


@dataclass(frozen=True)
class TextEncoder:
    """A model that makes vectors of texts."""

    embedder: Embedder
    tokenizer: Tokenizer


class Embed:
    """The Task that makes a vector of a text of any length."""

    def run(self, model: TextEncoder, given: str, options: None = None, /) -> Iterator[Progress | Vector]:
        """Read the text, window by window, and yield its vector at last.

        Raises
        ------
        NumericsError : a number that is not finite.
        """
        windows, vectors = _windows(model, given), list[Floats]()
        begin, *end = model.tokenizer.encode("")
        for window in windows:
            vectors.append(model.embedder.embed([begin, *window, *end]))
            yield Progress(len(vectors), len(windows))
        yield Vector(_mean([len(window) for window in windows], vectors))


def embed_text(embedder: Embedder, tokenizer: Tokenizer, text: str) -> Floats:
    """Return the vector of a text of any length: float32 (dim,), of length 1.

    Raises
    ------
    NumericsError : a number that is not finite.
    """
    for event in Embed().run(TextEncoder(embedder, tokenizer), text):
        if isinstance(event, Vector):
            return event.values
    raise AssertionError("the task ends in a vector")


def _windows(model: TextEncoder, text: str) -> list[list[int]]:
    """Return the ids of a text in parts that fit, without those that begin and end each; one part at least."""
    body = model.tokenizer.encode(text, add_bos=False)
    size = min(WINDOW, model.embedder.config.text.n_ctx_train) - len(model.tokenizer.encode(""))
    return [body[start : start + size] for start in range(0, len(body), size)] or [[]]


def _mean(counts: Sequence[int], vectors: Sequence[Floats]) -> Floats:
    """Return the mean of vectors (dim,), each counted so many times, scaled to length 1."""
    if len(vectors) == 1:
        return vectors[0]
    mean = np.zeros(len(vectors[0]))  # in float64, in the order of the text
    for count, vector in zip(counts, vectors, strict=True):
        mean += count * vector.astype(np.float64)
    return (mean / math.sqrt(float(np.add.reduce(mean * mean)))).astype(np.float32)


def open_numpy(blobs: Sequence[Blob], file: ModelFile) -> Embedder:
    """Open an encoder on the numpy device: all weights decoded to float32."""
    return _open(NumpyDevice(), file, blobs)


def open_wasm(arena: Arena, file: ModelFile, bases: Sequence[int]) -> Embedder:
    """Open an encoder whose parts lie in the arena, each from its base on. Its weights there are repacked in place."""
    return _open(WasmDevice(arena), file, bases)


def _open(device: DirectDevice[P, A, W, C], file: ModelFile, places: Sequence[P]) -> Embedder:
    model = load_encoder(file, device.weights(file, places))
    text = model.config.text
    cache = device.cache(text.cache, text.n_ctx_train)
    graph = device.compile(model.graphs(cache, text.n_ctx_train, text.n_ctx_train))["encode"]

    def run(ids: Sequence[int]) -> Floats:
        vector = graph.run(Step(len(ids), 0, {IDS: ids}))
        assert vector is not None
        return as_floats(vector)

    return Embedder(file, model.config, run)
