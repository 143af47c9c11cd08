# SPDX-License-Identifier: Apache-2.0
"""The plain device: NumPy on decoded weights, each step computed from its trace. Slow, and easy to check against."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from taleproof.device.base import GraphSpec, Output, check_rows
from taleproof.formats import ModelFile
from taleproof.graph.numpy import NumpyOps
from taleproof.graph.step import Step
from taleproof.io.reader import Blob
from taleproof.nn.cache import CacheShape, KVCache
from taleproof.nn.kv_cache import allocate_arrays
from taleproof.nn.weights import NumpyTensors


Floats = NDArray[np.float32]
Spec = GraphSpec[Floats, Floats, Floats]


class NumpyDevice:
    """A Device whose places are blobs."""

    def weights(self, file: ModelFile, places: Sequence[Blob]) -> NumpyTensors:
        """Return all weights decoded to float32."""
        return NumpyTensors(file, places)

    def cache(self, shape: CacheShape, positions: int) -> KVCache[Floats]:
        """Return float32 arrays (kv_heads, positions, head_dim), two a layer."""
        return allocate_arrays(shape, positions)

    def compile(self, specs: Mapping[str, Spec]) -> Mapping[str, "NumpyGraph"]:
        """Return graphs that go through their trace at each run."""
        return {name: NumpyGraph(spec) for name, spec in specs.items()}


class NumpyGraph:
    """A Graph that computes while it is described."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec

    def run(self, step: Step) -> Output:
        """Run a step."""
        check_rows(step, self._spec.max_rows)
        result = self._spec.trace(NumpyOps(step))
        return None if self._spec.result is None else result.reshape(-1)
