# SPDX-License-Identifier: Apache-2.0
"""Sampling by the kernels is NumPy's to the bit: the same tokens, the same log-probabilities, the same refusals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from taleproof.errors import NumericsError
from taleproof.memory.arena import ArenaFloats
from taleproof.memory.kernels import BUILDS
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.sampling.chain import NumpySampler, Sampled
from taleproof.sampling.config import SamplerConfig
from taleproof.sampling.kernel import ArenaSampler, SamplerBuffers
from taleproof.sampling.logits_digests import EVERY, ArenaLogitsDigests, LogitsDigests


Floats = NDArray[np.float32]

LARGEST = 5000
DRAWS = 3


def token_text(token: int) -> bytes:
    """Return the bytes of a token of these tests: every seventh is a line break, and a name is in two tokens."""
    return b"\n" if token % 7 == 0 else {1: b"Al", 2: b"ice"}.get(token, b"x")


class Kernels:
    """One arena with a room for each size of vocabulary that is asked for."""

    def __init__(self, build: str) -> None:
        self.arena = WasmtimeArena(build)
        self._top = self.arena._allocator.top

    def sampler(self, size: int, config: SamplerConfig) -> ArenaSampler:
        self.arena._allocator.top = self._top
        return ArenaSampler(SamplerBuffers(self.arena, size), config, token_text)


@pytest.fixture(scope="module", params=BUILDS)
def kernels(request: pytest.FixtureRequest) -> Kernels:
    return Kernels(request.param)


def outcome(
    sampler: NumpySampler | ArenaSampler, logits: Floats, history: list[int], banned: Sequence[int]
) -> Sampled | None:
    with np.errstate(over="ignore"):
        try:
            return sampler.sample(logits, history, banned)
        except NumericsError:
            return None


def assert_alike(
    kernels: Kernels, config: SamplerConfig, logits: Floats, history: list[int], banned: Sequence[int] = ()
) -> None:
    twin, truth = kernels.sampler(logits.size, config), NumpySampler(config, token_text)
    for _ in range(DRAWS):
        expected = outcome(truth, logits, history, banned)
        assert outcome(twin, logits, history, banned) == expected
        if expected is None:
            break
        history = [*history, expected.token]


CONFIGS = st.builds(
    SamplerConfig,
    seed=st.integers(0, 2**64 - 1),
    temperature=st.none() | st.sampled_from([0.0, 1e-6, 1.0, 100.0]) | st.floats(0.1, 3.0),
    top_p=st.none() | st.sampled_from([0.0, 1.0, 1e-45, 1e-300, 1 - 1e-9, 0.9]) | st.floats(0.0, 1.0),
    top_k=st.none() | st.sampled_from([0, 1, 2**31 - 1]) | st.integers(1, 120) | st.integers(1, LARGEST),
    min_p=st.none() | st.sampled_from([0.0, 1.0, 1e-300]) | st.floats(0.0, 1.0),
    repeat_penalty=st.sampled_from([1.0, 1.1, 0.01, 100.0]),
    repeat_last_n=st.sampled_from([0, 1, 64]),
    dry_multiplier=st.sampled_from([0.0, 0.8, 100.0]),
    dry_base=st.sampled_from([1.0, 1.75, 100.0]),
    dry_allowed_length=st.sampled_from([1, 2, 5, 50]),
    dry_last_n=st.sampled_from([-1, 0, 1, 2, 30]),
    dry_sequence_breakers=st.sampled_from([(), ("\n",), ("Alice", "\n")]),
    xtc_probability=st.sampled_from([0.0, 0.5, 1.0]),
    xtc_threshold=st.sampled_from([0.0, 1e-300, 0.5, 0.51]) | st.floats(0.0, 0.2),
)
BANNED = st.lists(st.integers(0, LARGEST), max_size=3)
HISTORY = st.lists(st.integers(0, 2 * LARGEST), max_size=80) | st.lists(st.integers(0, 9), max_size=200)
EXTREMES = [0.0, -0.0, 1.0, -1.0, 1e-45, -1e-45, 1e-38, 3.4e38, -3.4e38, 88.0, -87.0, 1e30, 16.0, 15.99]


@settings(max_examples=150, deadline=None)
@given(
    config=CONFIGS,
    history=HISTORY,
    banned=BANNED,
    n=st.integers(1, LARGEST),
    spread=st.sampled_from([0.0, 1e-44, 1e-3, 1.0, 3.0, 10.0, 60.0, 1e30]),
    steps=st.sampled_from([0, 1, 8]),
    seed=st.integers(0, 99),
)
def test_random_logits(
    kernels: Kernels,
    config: SamplerConfig,
    history: list[int],
    banned: list[int],
    n: int,
    spread: float,
    steps: int,
    seed: int,
) -> None:
    logits = np.random.default_rng(seed).standard_normal(n) * spread
    if steps:  # few values, so that many are equal
        logits = np.rint(logits * steps) / steps
    assert_alike(kernels, config, logits.astype(np.float32), history, banned)


@settings(max_examples=150, deadline=None)
@given(
    config=CONFIGS,
    history=st.lists(st.integers(0, 90), max_size=20) | st.lists(st.integers(1, 3), max_size=90),
    banned=st.lists(st.integers(0, 90)),
    logits=hnp.arrays(
        np.float32,
        st.integers(1, 80),
        elements=st.sampled_from(EXTREMES) | st.floats(-30, 30, width=32) | st.floats(-(2.0**120), 2.0**120, width=32),
    ),
)
def test_extreme_logits(
    kernels: Kernels, config: SamplerConfig, history: list[int], banned: list[int], logits: Floats
) -> None:
    assert_alike(kernels, config, logits, history, banned)


@settings(max_examples=40, deadline=None)
@given(
    temperature=st.none() | st.just(0.8),
    bad=st.sampled_from([np.nan, -np.nan, np.inf, -np.inf]),
    n=st.integers(1, 200),
    data=st.data(),
)
def test_one_logit_that_is_not_finite_is_refused(
    kernels: Kernels, temperature: float | None, bad: float, n: int, data: st.DataObject
) -> None:
    logits = np.zeros(n, np.float32)
    logits[data.draw(st.integers(0, n - 1))] = bad
    with pytest.raises(NumericsError):
        kernels.sampler(n, SamplerConfig(0, temperature, top_k=1)).sample(logits, [])


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"top_k": 40},
        {"top_p": 0.9},
        {"min_p": 0.05},
        {"top_k": 40, "top_p": 0.9, "repeat_penalty": 1.1},
        {"dry_multiplier": 0.8, "xtc_probability": 1.0, "xtc_threshold": 1e-5},
    ],
    ids=str,
)
@pytest.mark.parametrize("spread", [0.01, 1.0, 4.0])
def test_a_large_vocabulary(kernels: Kernels, filters: dict[str, Any], spread: float) -> None:
    logits = (np.random.default_rng(5).standard_normal(262_144) * spread).astype(np.float32)
    assert_alike(kernels, SamplerConfig(7, 0.8, **filters), logits, [*range(500), *range(500)], [3, 5])


def test_logits_in_the_arena_stay_where_and_as_they_are(kernels: Kernels) -> None:
    logits = np.random.default_rng(1).standard_normal(1001).astype(np.float32)
    dry_and_xtc: dict[str, Any] = {"dry_multiplier": 0.8, "xtc_probability": 0.5}
    config = SamplerConfig(3, 1.5, 0.9, top_k=50, min_p=0.01, repeat_penalty=1.3, **dry_and_xtc)
    sampler = kernels.sampler(logits.size, config)
    place = ArenaFloats(kernels.arena, kernels.arena.allocate(logits.nbytes), logits.size)
    kernels.arena.write(place.offset, logits.tobytes())
    history = 2 * [int(token) for token in np.argsort(-logits)[:9]]
    truth = NumpySampler(config, token_text)
    for _ in range(20):
        assert sampler.sample(place, history, [history[0]]) == truth.sample(logits, history, [history[0]])
    assert place.tobytes() == logits.tobytes()


def test_digests_of_texts_that_take_turns_leave_nothing_in_the_arena(kernels: Kernels) -> None:
    buffers = SamplerBuffers(kernels.arena, 101)
    place = ArenaFloats(kernels.arena, kernels.arena.allocate(4 * 101), 101)
    rows = np.random.default_rng(3).standard_normal((4, 101)).astype(np.float32)
    before = kernels.arena.allocate(0)
    pairs = [(ArenaLogitsDigests(buffers), LogitsDigests()) for _ in range(1000)]
    for at, row in enumerate(rows):
        kernels.arena.write(place.offset, row.tobytes())
        for digests, expected in pairs[at % 2 :: 2]:
            digests.add(at // 2 * EVERY, place)
            expected.add(at // 2 * EVERY, row)
    assert all(digests.digests == expected.digests != [] for digests, expected in pairs)
    assert kernels.arena.allocate(0) == before


def test_digests_of_logits_in_the_arena_are_those_of_arrays(kernels: Kernels) -> None:
    rows = np.random.default_rng(2).standard_normal((2 * EVERY + 1, 101)).astype(np.float32)
    buffers = SamplerBuffers(kernels.arena, 101)
    place = ArenaFloats(kernels.arena, kernels.arena.allocate(rows[0].nbytes), 101)
    digests, expected = ArenaLogitsDigests(buffers), LogitsDigests()
    for index, row in enumerate(rows):
        kernels.arena.write(place.offset, row.tobytes())
        digests.add(index, place)
        expected.add(index, row)
    assert digests.digests == expected.digests
    assert len(set(digests.digests)) == 3
