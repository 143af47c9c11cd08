# SPDX-License-Identifier: Apache-2.0
"""Log-probabilities against the machine's own log, within their stated bounds."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from taleproof.sampling.logprobs import LogProbabilities, log64


@given(st.floats(1e-300, 1e300))
def test_log_is_within_two_units_in_the_last_place(x: float) -> None:
    true = math.log(x)
    assert abs(log64(x) - true) <= max(2 * math.ulp(true), 2**-52 * 0.35)


def test_log_of_one_is_zero() -> None:
    assert log64(1.0) == 0.0


def test_log_softmax() -> None:
    logits = (np.random.default_rng(3).standard_normal(5000) * 4).astype(np.float32)
    wide = logits.astype(np.float64)
    true = wide - wide.max() - math.log(np.exp(wide - wide.max()).sum())
    found = LogProbabilities(logits)
    assert all(abs(found.of(i) - true[i]) < 2e-6 for i in range(5000))


def test_probabilities_sum_to_one() -> None:
    found = LogProbabilities(np.array([1.0, 2.0, 3.0, 4.0], np.float32))
    assert math.isclose(sum(math.exp(found.of(i)) for i in range(4)), 1.0, abs_tol=4e-6)


def test_is_rounded_to_six_decimals() -> None:
    assert LogProbabilities(np.zeros(3, np.float32)).of(1) == -1.098612
