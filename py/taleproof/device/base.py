# SPDX-License-Identifier: Apache-2.0
"""What runs a model's steps, whatever the model does.

In come the places of a model's bytes, the shape of a cache, and traces: functions that describe a step by the
operations of graph/ops.py. Out come weights, a cache, and graphs, each of which runs its step any number of times.
Tasks know this interface alone, so that a task is written once for all devices. A graph needs neither a cache nor a
vocabulary: what a step is given are its inputs, by name.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from taleproof.formats import ModelFile
from taleproof.graph.ops import A, Ops
from taleproof.graph.step import Step
from taleproof.memory.arena import ArenaFloats
from taleproof.nn.cache import CacheShape, KVCache
from taleproof.nn.weights import Tensors


P = TypeVar("P", contravariant=True)
W = TypeVar("W")
C = TypeVar("C")

Floats = NDArray[np.float32]

Row = Floats | ArenaFloats
"""What a step ends in, (rows * columns,), wherever the device has it; until the next step of the same device."""

Output = Row | None
"""None where nobody wants what a step ends in."""


def as_floats(row: Row) -> Floats:
    """Return a row as an array, a copy where it is in an arena."""
    return row if isinstance(row, np.ndarray) else np.frombuffer(row.tobytes(), np.float32)


@dataclass(frozen=True)
class GraphSpec(Generic[A, W, C]):
    """A step that is to be run.

    Attributes
    ----------
    trace : describes it; called once, or at each run, as the device likes.
    max_rows : how many rows, such as tokens, a step may have.
    result : what it ends in, as a person would say it; None where nobody wants it.
    """

    trace: Callable[[Ops[A, W, C]], A]
    max_rows: int
    result: str | None = "the logits"


class Graph(Protocol):
    """A step that can be run."""

    def run(self, step: Step) -> Output | Awaitable[Output]:
        """Run a step of at most max_rows rows; return what it ends in, at once or, from a GPU, when it is awaited.

        Raises
        ------
        NumericsError : a number that is not finite, with the place where it first appears.
        ValueError : an input that the step lacks or that is of another shape, or more rows than max_rows.
        """
        ...


class DirectGraph(Graph, Protocol):
    """A Graph that answers at once."""

    def run(self, step: Step) -> Output:
        """Run a step likewise."""
        ...


def check_rows(step: Step, max_rows: int) -> None:
    """Refuse, with ValueError, a step that has no rows, or more than there is room for."""
    if not 0 < step.rows <= max_rows:
        raise ValueError(f"a step of 1 to {max_rows} rows is expected, not of {step.rows}")


class Device(Protocol[P, A, W, C]):
    """Where models run.

    ``P`` says where a file's bytes are, ``A`` a value of a step, ``W`` a weight, ``C`` a layer's cache.
    """

    def weights(self, file: ModelFile, places: Sequence[P]) -> Tensors[W]:
        """Return a model's weights, by name; there is a place for each of the file's parts."""
        ...

    def cache(self, shape: CacheShape, positions: int) -> KVCache[C]:
        """Return an empty cache.

        Raises
        ------
        OutOfMemoryError
        """
        ...

    def compile(self, specs: Mapping[str, GraphSpec[A, W, C]]) -> Mapping[str, Graph]:
        """Return graphs by the same names. They share their intermediate results' memory: one runs at a time.

        Raises
        ------
        OutOfMemoryError
        """
        ...


class DirectDevice(Device[P, A, W, C], Protocol[P, A, W, C]):
    """A Device that answers at once. Sessions want one: a text's next token is asked for in the middle of a loop."""

    def compile(self, specs: Mapping[str, GraphSpec[A, W, C]]) -> Mapping[str, DirectGraph]:
        """Return graphs likewise."""
        ...
