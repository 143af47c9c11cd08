"""Ten thousand mutations of each format's good files: read or refused in words, quickly and within 64 MB.

``python -m fixtures.hostile.fuzz all`` makes a million of each.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.hostile.fuzz import find
from fixtures.hostile.mutate import mutated
from fixtures.hostile.opening import outcome
from fixtures.hostile.seeds import seeds


MUTATIONS = settings(
    max_examples=10_000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@pytest.mark.parametrize("name", seeds())
def test_mutations(name: str) -> None:
    @MUTATIONS
    @given(st.integers(0, (1 << 63) - 1))
    def check(number: int) -> None:
        error = find(name, number)
        if error is not None:
            raise AssertionError(f"{name}, mutation {number}") from error

    check()


@pytest.mark.parametrize("name", seeds())
def test_mutations_begin_with_good_files(name: str) -> None:
    for seed in seeds()[name]:
        assert outcome(seed.files, seed.opener) is None
        assert len({mutated(seed.files[seed.target], number, seed.words) for number in range(50)}) > 40
