# SPDX-License-Identifier: Apache-2.0
"""How threads share a program (kernels/run/team.c): every order of its steps, tried by spin on a model of the protocol.

kernels/run/team.pml says what is checked. The model with a fault put in has to fail, or the check would prove nothing.
All of it takes 28 s of processor time, of which the check with four threads is a third.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest


MODEL = Path(__file__).parents[2] / "kernels" / "run" / "team.pml"
PROGRAMS = ("spin", "gcc")
DEPTH = 400_000
"""More steps than the longest path without a state twice: 373,251 with four threads. Each takes memory at once."""


@pytest.fixture(autouse=True)
def _spin() -> None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        message = f"{' and '.join(missing)} is not installed (apt-get install spin gcc libc6-dev)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


def check(
    folder: Path, threads: int, *defined: str, progress: bool = False, depth: int = DEPTH, packed: bool = False
) -> tuple[str, int]:
    """Try all states of the model; return the first error found, or "", and the number of states.

    Parameters
    ----------
    packed : keep the states in a quarter of the memory, in more time.
    """
    model = subprocess.run(["spin", "-a", f"-DTHREADS={threads}", *(f"-D{name}" for name in defined), MODEL],
                           cwd=folder, capture_output=True, text=True, check=False)  # fmt: skip
    assert model.returncode == 0, model.stdout
    kind, option = ("-DNP", ["-l"]) if progress else ("-DSAFETY", [])
    kinds = [kind, *(["-DCOLLAPSE"] if packed else [])]
    subprocess.run(["gcc", "-O1", "-w", *kinds, "-o", "pan", "pan.c"], cwd=folder, check=True)
    done = subprocess.run(["./pan", f"-m{depth}", *option], cwd=folder, capture_output=True, text=True, check=True)
    states = re.search(r"(\d+) states, stored", done.stdout)
    assert states, done.stdout
    error = re.search(r"^pan:1: (.*) \(at depth", done.stdout, re.MULTILINE)
    if error is None:
        assert "errors: 0" in done.stdout
        assert "max search depth too small" not in done.stdout
    return error[1] if error else "", int(states[1])


@pytest.mark.parametrize(("threads", "least"), [(2, 1_000), (3, 100_000), (4, 4_000_000)])
def test_no_thread_is_stuck_and_every_share_is_done_once(tmp_path: Path, threads: int, least: int) -> None:
    error, states = check(tmp_path, threads)
    assert error == ""
    assert states > least  # a model in which little can happen proves little


@pytest.mark.parametrize("threads", [2, 3])
def test_programs_end(tmp_path: Path, threads: int) -> None:
    assert check(tmp_path, threads, progress=True)[0] == ""


@pytest.mark.parametrize(("threads", "helper"), [(2, 1), (3, 1), (3, 2)])
def test_a_killed_helper_is_given_up_and_leaves_no_share_out(tmp_path: Path, threads: int, helper: int) -> None:
    """long_team.py has the same with four threads."""
    assert check(tmp_path, threads, f"KILLED={helper}")[0] == ""


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("COUNTS_JOBS", "assertion violated"),  # a late helper runs a program that is over
        ("SLEEPS_UNCOUNTED", "invalid end state"),  # nobody wakes who goes to sleep just now
        ("RETURNS_EARLY", "assertion violated"),  # run_program returns before its helpers are done
        ("KILLED=1 NO_TIMEOUT", "invalid end state"),  # the engine's thread waits for ever for one that is gone
    ],
)
def test_a_fault_is_found(tmp_path: Path, fault: str, found: str) -> None:
    assert found in check(tmp_path, 3, *fault.split(), depth=40_000)[0]
