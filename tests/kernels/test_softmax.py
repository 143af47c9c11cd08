"""Softmax by the kernels is NumPy's to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taleproof.softmax import ArenaSoftmax, NumpySoftmax
from taleproof.wasmtime_host import BUILDS, WasmtimeArena


SIZE = 5000


@pytest.fixture(scope="module", params=BUILDS)
def softmax(request: pytest.FixtureRequest) -> ArenaSoftmax:
    return ArenaSoftmax(WasmtimeArena(request.param), SIZE)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, SIZE), spread=st.sampled_from([0.0, 1e-3, 1.0, 10.0, 60.0, 1e30]), seed=st.integers(0, 99))
def test_the_kernels_agree_with_numpy_to_the_bit(softmax: ArenaSoftmax, n: int, spread: float, seed: int) -> None:
    logits = (np.random.default_rng(seed).standard_normal(n) * spread).astype(np.float32)
    assert softmax.probabilities(logits).tobytes() == NumpySoftmax().probabilities(logits).tobytes()
    assert softmax.power_sum(logits) == NumpySoftmax().power_sum(logits)
