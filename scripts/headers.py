# SPDX-License-Identifier: Apache-2.0
"""The line at the top of every source file that names its licence.

``headers.py``: in come the files that git knows or would add, out go the names of those without the line, and exit code
1 where there are any. ``headers.py --fix`` writes it into them. Left out: what is generated, as its name says
(``*.gen.*``).
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


ROOT = Path(__file__).parents[1]
LINE = "SPDX-License-Identifier: Apache-2.0"

COMMENTS = {
    **dict.fromkeys((".py",), "# {}"),
    **dict.fromkeys((".js", ".mjs", ".rs", ".ts"), "// {}"),
    **dict.fromkeys((".c", ".css", ".def", ".h"), "/* {} */"),
    **dict.fromkeys((".svelte",), "<!-- {} -->"),
}
"""How a language writes a comment of one line."""


def with_header(text: str, suffix: str) -> str:
    """Return a file's text with the line: its first, or its second after ``#!``."""
    header = COMMENTS[suffix].format(LINE)
    lines = text.splitlines(keepends=True)
    at = 1 if text.startswith("#!") else 0
    if [line.rstrip("\n") for line in lines[at : at + 1]] == [header]:
        return text
    return "".join([*lines[:at], header + "\n", *lines[at:]])


def sources(root: Path) -> Iterator[Path]:
    """Yield the source files below a folder, those that git ignores left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    for name in sorted(set(listed.split("\0"))):
        path = root / name
        # A file that was removed is listed until git is told.
        if path.suffix in COMMENTS and ".gen." not in path.name and path.is_file():
            yield path


def main(root: Path, fix: bool) -> list[str]:
    """Return the names of the files that lack the line, or lacked it."""
    found = []
    for path in sources(root):
        text = path.read_text(encoding="utf-8")
        right = with_header(text, path.suffix)
        if right == text:
            continue
        found.append(path.relative_to(root).as_posix())
        if fix:
            path.write_text(right, encoding="utf-8", newline="\n")
    return found


if __name__ == "__main__":
    without = main(ROOT, "--fix" in sys.argv[1:])
    if without and "--fix" not in sys.argv[1:]:
        sys.exit("\n".join([f'Without "{LINE}" at the top:', *without]))
