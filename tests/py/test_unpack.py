# SPDX-License-Identifier: Apache-2.0
"""scripts/unpack.py, which set-up calls on downloaded wheels."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


SCRIPT = Path(__file__).parents[2] / "scripts" / "unpack.py"
WHEEL_FILE = b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-manylinux2014_x86_64\n"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, check=False)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "thing-1.0-cp311-cp311-linux.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("thing/__init__.py", b"from thing import _native\n")
        archive.writestr("thing/_native.py", b"")
        archive.writestr("thing/_fast.cpython-311.so", b"\x7fELF")
        archive.writestr("thing-1.0.dist-info/WHEEL", WHEEL_FILE)
        archive.writestr("thing-1.0.dist-info/METADATA", b"Name: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/RECORD", b"thing/__init__.py,,\n")
    return path


def test_members_are_written_without_their_folders(wheel: Path, tmp_path: Path) -> None:
    result = run(wheel, tmp_path, "thing/__init__.py")
    assert result.returncode == 0
    assert (tmp_path / "__init__.py").read_bytes() == b"from thing import _native\n"


def test_a_member_that_is_not_there_is_an_error(wheel: Path, tmp_path: Path) -> None:
    assert run(wheel, tmp_path, "thing/other.py").returncode != 0


def test_a_pure_wheel_has_all_python_files_and_nothing_compiled(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "thing-1.0-py3-none-any.whl"
    assert run("--pure", wheel, target).returncode == 0
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == [
            "thing-1.0.dist-info/METADATA",
            "thing-1.0.dist-info/RECORD",
            "thing-1.0.dist-info/WHEEL",
            "thing/__init__.py",
            "thing/_native.py",
        ]
        assert b"Tag: py3-none-any" in archive.read("thing-1.0.dist-info/WHEEL")
        record = archive.read("thing-1.0.dist-info/RECORD").decode()
    assert "_fast" not in record
    assert "thing/_native.py,," in record


def test_a_pure_wheel_has_the_same_bytes_each_time(wheel: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.whl", tmp_path / "second.whl"
    run("--pure", wheel, first)
    run("--pure", wheel, second)
    assert first.read_bytes() == second.read_bytes()


def test_a_lean_wheel_lacks_folders_and_what_compilers_read(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel, "a") as archive:
        for name in ("thing/part/__init__.py", "thing/partner.py", "thing/__init__.pyi", "thing/include/thing.h"):
            archive.writestr(name, b"")
    target = tmp_path / "lean.whl"
    assert run("--lean", wheel, target, "thing/part/").returncode == 0
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == [
            "thing-1.0.dist-info/METADATA",
            "thing-1.0.dist-info/RECORD",
            "thing-1.0.dist-info/WHEEL",
            "thing/__init__.py",
            "thing/_fast.cpython-311.so",
            "thing/_native.py",
            "thing/partner.py",
        ]
        assert archive.read("thing-1.0.dist-info/WHEEL") == WHEEL_FILE
        assert archive.read("thing/__init__.py") == b"from thing import _native\n"
