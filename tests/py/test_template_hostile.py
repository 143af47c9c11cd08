# SPDX-License-Identifier: Apache-2.0
"""Hostile chat templates: each ends in a text or a refusal, soon, in little memory, and the same in every process."""

import json
import os
import subprocess
import sys
from pathlib import Path

from taleproof.chat.prompt import MAX_TEMPLATE_CHARACTERS


TESTS = Path(__file__).parents[1]
OUTCOMES = "fixtures.hostile.template_outcomes"
PYTHON_PATH = os.pathsep.join((str(TESTS), str(TESTS.parent / "py")))

MEASURED = """
import json, resource, time
from fixtures.hostile.template_cases import TEMPLATES
from fixtures.hostile.template_outcomes import outcome
outcome("{{ 'warm' }}")
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
rows = {}
for name, template in TEMPLATES.items():
    before, began = peak(), time.process_time()
    outcome(template)
    rows[name] = (time.process_time() - began, peak() - before)
print(json.dumps(rows))
"""


def run(*arguments: str, **environment: str) -> str:
    """Return what a Python of its own prints."""
    answer = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": PYTHON_PATH, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return answer.stdout


def test_the_same_outcome_in_processes_with_other_hash_seeds_time_zones_and_locales() -> None:
    here = json.loads(run("-m", OUTCOMES, PYTHONHASHSEED="1", TZ="Pacific/Kiritimati", LC_ALL="C.UTF-8"))
    there = json.loads(run("-m", OUTCOMES, PYTHONHASHSEED="2", TZ="Etc/GMT+12", LC_ALL="C", PYTHONUTF8="0"))
    assert len(here) >= 100
    assert here == there
    assert {name: text for name, text in here.items() if "0x" in text or " object at " in text} == {}  # addresses
    assert {outcome.split(":")[0].split(" ")[0] for outcome in here.values()} == {"text", "refused"}


def test_none_takes_long_or_much_memory() -> None:
    rows: dict[str, tuple[float, int]] = json.loads(run("-c", MEASURED))
    assert len(rows) >= 100
    # All take under 0.6 s of an idle core. The bound is one that only a template without an end reaches.
    assert {name: seconds for name, (seconds, _) in rows.items() if seconds > 20} == {}
    assert {name: kib for name, (_, kib) in rows.items() if kib > 64 << 10} == {}


def test_the_longest_template_that_is_read_is_far_longer_than_any_real_one() -> None:
    assert MAX_TEMPLATE_CHARACTERS == 131_072  # template_cases.py cuts its long ones to this
