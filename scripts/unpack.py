"""Takes members out of a wheel, or makes a wheel without its compiled half.

In comes a wheel. ``unpack.py WHEEL FOLDER MEMBER...`` puts the members into FOLDER, without their own
folders. ``unpack.py --pure WHEEL TARGET`` writes a wheel for every platform: the same Python files, no shared
library. Its bytes are the same on every machine (stored, not compressed, with one time stamp), so that it can
have a digest. Refused: a member that is not there (KeyError).
"""

import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath


EARLIEST = (1980, 1, 1, 0, 0, 0)
COMPILED = {".so", ".pyd", ".dylib", ".c", ".pyi"}


def unpack(wheel: Path, folder: Path, members: list[str]) -> None:
    """Write the members' bytes below the folder, each under the last part of its name."""
    with zipfile.ZipFile(wheel) as archive:
        for member in members:
            with archive.open(member) as source, open(folder / PurePosixPath(member).name, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)


def make_pure(wheel: Path, target: Path) -> None:
    """Write the wheel without what was compiled for one platform, tagged py3-none-any."""
    with zipfile.ZipFile(wheel) as archive:
        files = {
            name: archive.read(name)
            for name in sorted(archive.namelist())
            if PurePosixPath(name).suffix not in COMPILED and not name.endswith(("/", "/RECORD"))
        }
    tags = next(name for name in files if name.endswith(".dist-info/WHEEL"))
    files[tags] = b"Wheel-Version: 1.0\nGenerator: taleproof\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = tags.replace("/WHEEL", "/RECORD")
    # The columns for digest and size may be empty, and set-up checks the whole file's digest anyway.
    files[record] = "".join(f"{name},,\n" for name in [*files, record]).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.create_system = 3  # otherwise Windows would make other bytes
            archive.writestr(entry, content)


if __name__ == "__main__":
    if sys.argv[1] == "--pure":
        make_pure(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        unpack(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
