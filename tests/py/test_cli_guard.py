# SPDX-License-Identifier: Apache-2.0
"""A command ends at Ctrl+C, and gives up a file, even where Python itself hears nothing."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from fixtures.make import tiny_gguf
from taleproof.apps import guard as cli_guard


HANGING = "collections.deque(itertools.repeat(0), maxlen=0)"  # one call of C, which never ends


def started(code: str) -> subprocess.Popen[str]:
    """Start a guarded command, a terminal's process group of its own; return once it says that it is on its way."""
    script = (
        "import collections, itertools, signal, sys\n"
        "from taleproof.apps import guard as cli_guard\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # which a test in the background may have lost\n"
        f"{code}\n"
        "sys.exit(cli_guard.guarded(run))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": "py"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "on its way\n"
    return process


@pytest.mark.parametrize("work", [HANGING, "[None for _ in iter(int, 1)]"])
def test_ctrl_c_ends_whatever_runs(work: str) -> None:
    process = started(f"def run():\n    print('on its way', flush=True)\n    {work}\n    return 0")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    process.communicate(timeout=60)
    # 1 and -SIGINT: this command has no handler of its own.
    assert process.returncode in (130, 1, -signal.SIGINT)


def test_a_command_that_clears_up_has_the_time_for_it() -> None:
    process = started(
        "cli_guard.GRACE = 3600\n"  # the real one is real time, which a busy machine may not give to a process at all
        "def run():\n"
        "    try:\n"
        "        print('on its way', flush=True)\n"
        "        while True: pass\n"
        "    except KeyboardInterrupt:\n"
        "        print('cleared up', flush=True)\n"
        "        return 130"
    )
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert (out, process.returncode) == ("cleared up\n", 130)


def test_ctrl_c_before_the_guard_watches_ends_the_command_all_the_same() -> None:
    process = started(
        "import os\n"
        "fork = os.fork\n"
        "def forked():\n"
        "    child = fork()\n"
        "    if child: os.kill(os.getpid(), signal.SIGINT)  # the guard's own part of what a terminal sends\n"
        "    return child\n"
        "os.fork = forked\n"
        f"def run():\n    print('on its way', flush=True)\n    {HANGING}\n    return 0"
    )
    try:
        process.communicate(timeout=60)  # until the child has ended too, which holds the other end of its output
        assert process.returncode == 130
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_a_file_that_takes_too_long_is_named_and_given_up() -> None:
    process = started(
        "cli_guard.OPENING_SECONDS = 0.1\n"
        "def run():\n"
        "    print('on its way', flush=True)\n"
        f"    with cli_guard.opening('hostile.gguf', 1000): {HANGING}\n"
        "    return 0"
    )
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "hostile.gguf was not ready" in told
    assert "Choose another file" in told


def test_an_alarm_that_comes_late_harms_nobody() -> None:
    process = started(
        "import os\n"
        "cli_guard.OPENING_SECONDS = 0.1\n"
        "wait = os.waitpid\n"
        "def waited(*args):\n"
        "    ended = wait(*args)\n"
        "    os.kill(os.getpid(), signal.SIGALRM)  # its child's number may be another program's by now\n"
        "    return ended\n"
        "os.waitpid = waited\n"
        "def run():\n"
        "    print('on its way', flush=True)\n"
        f"    with cli_guard.opening('hostile.gguf', 1000): {HANGING}\n"
        "    return 0"
    )
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2, told


def test_a_file_is_not_given_up_because_the_command_was_suspended() -> None:
    process = started(
        "cli_guard.OPENING_SECONDS = 3600\n"
        "set_timer = signal.setitimer\n"
        "def told(*args):\n"
        "    set_timer(*args)\n"
        "    print('on its way', flush=True)  # the guard: its clock runs\n"
        "signal.setitimer = told\n"
        "def run():\n"
        "    with cli_guard.opening('sound.gguf', 1000): sys.stdin.readline()\n"
        "    return 0"
    )
    os.killpg(process.pid, signal.SIGSTOP)  # as Ctrl+Z does, which only a shell's processes obey
    assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
    os.kill(process.pid, signal.SIGALRM)  # as the clock does while it is suspended, however long
    os.killpg(process.pid, signal.SIGCONT)
    _, told = process.communicate("\n", timeout=60)
    assert (process.returncode, told) == (0, "")


def test_convert_gives_up_a_file_that_takes_too_long_to_parse(tmp_path: Path) -> None:
    model = tmp_path / "hostile.gguf"
    model.write_bytes(tiny_gguf())
    process = started(
        "from pathlib import Path\n"
        "from taleproof.apps.cli import convert as cli_convert\n"
        "cli_guard.OPENING_SECONDS = 0.1\n"
        "def parse_model(blobs):\n"
        "    print('on its way', flush=True)\n"
        f"    {HANGING}\n"
        "cli_convert.parse_model = parse_model\n"
        f"def run(): cli_convert.run_convert(Path({str(model)!r}), Path({str(tmp_path / 'out.gguf')!r}), 'F32')"
    )
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "hostile.gguf was not ready" in told


@pytest.mark.parametrize("code", [0, 2, 7])
def test_the_exit_code_is_the_command_s_own(code: int) -> None:
    process = started(
        "def run():\n"
        "    print('on its way', flush=True)\n"
        f"    with cli_guard.opening('sound.gguf', 1000): pass\n"
        f"    return {code}"
    )
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (code, "")


def test_without_a_guard_nothing_is_told() -> None:
    with cli_guard.opening("a.gguf", 10):
        assert cli_guard._to_guard is None
