# SPDX-License-Identifier: Apache-2.0
"""How four threads share a program while one of them is killed, in every order: too much for each test run.

Usage: .venv/bin/pytest tests/kernels/long_team.py, by name: it is not among the tests that are found. For each helper
some minutes and 1.5 GB.
"""

from pathlib import Path

import pytest

from kernels.test_team import check


@pytest.mark.parametrize("helper", [1, 2, 3])
def test_a_killed_helper_of_three_is_given_up_and_leaves_no_share_out(tmp_path: Path, helper: int) -> None:
    error, states = check(tmp_path, 4, f"KILLED={helper}", depth=1_000_000, packed=True)
    assert error == ""
    assert states > 15_000_000
