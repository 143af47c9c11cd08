# SPDX-License-Identifier: Apache-2.0
"""Hostile files of every format: refused with the expected error, quickly and within 64 MB, or read if fine.

The files are made by tests/fixtures/hostile.
"""

import pytest

from fixtures.hostile.case import Case
from fixtures.hostile.corpus import corpus
from fixtures.hostile.opening import Opener, outcome


CORPUS = corpus()
ALL = [
    pytest.param(opener, case, id=f"{name}-{case.name}") for name, (opener, cases) in CORPUS.items() for case in cases
]


@pytest.mark.parametrize(("opener", "case"), ALL)
def test_a_hostile_file(opener: Opener, case: Case) -> None:
    error = outcome(case.files, opener)
    assert ("" if error is None else error.code) == case.code
    if error is not None and case.field:
        assert error.details["field"] == case.field


@pytest.mark.parametrize("name", CORPUS)
def test_names_of_cases_are_distinct_and_fit_on_a_disk(name: str) -> None:
    names = [case.name for case in CORPUS[name][1]]
    assert len(set(names)) == len(names)
    assert all(file and len(file.encode()) < 200 and "/" not in file for case in CORPUS[name][1] for file in case.files)
