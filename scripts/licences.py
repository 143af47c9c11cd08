# SPDX-License-Identifier: Apache-2.0
"""The licences of all that the built site passes on, in one page, and a check that NOTICE names each of them.

``licences.py DIST [--part]``: in come NOTICE, the texts in licences/, and the built site with the list of packages in
its scripts (DIST/.vite/packages.json of vite-packages.mjs, removed at the end). Out goes DIST/licences.html. Refused,
with all faults told at once: a file that nothing in NOTICE explains, a package that NOTICE doesn't name or names with
another licence, a part of NOTICE that the site doesn't have, a part without a text. With ``--part`` the folder is one
that has some of the site's files, as the npm package does; only what it has is asked for, and DIST/NOTICE is written
with those parts alone.
"""

import email
import fnmatch
import html
import json
import re
import sys
import zipfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


ROOT = Path(__file__).parents[1]
NOTICE = ROOT / "NOTICE"
TEXTS = ROOT / "licences"
BUNDLED = ".vite/packages.json"
PAGE = "licences.html"
SCRIPTS = ("assets/*.js",)

OURS = (
    *("worker.js", "helper.js"),  # of the npm package
    *("index.html", "chain.html", "engine.html", "models.json", "network.json", PAGE, BUNDLED),
    *("manifest.webmanifest", "icons/*", "sw.js"),
    *(*SCRIPTS, "assets/*.css", "kernels/*", "wheels/taleproof-*.whl", "wheels/wheels.json"),
)
"""Files that we wrote. What else is in the scripts is in the list of packages."""

BUNDLER = "vite"
"""It puts a few lines of its own into scripts, which no list of packages has."""

RUST = "@linera/client"
"""Compiled from Rust packages. Their names are in licences/linera-client.txt, one a line before its licence."""
_CRATE = re.compile(rb"/registry/src/[^/]+/([A-Za-z0-9_-]+?)-\d+\.\d")


@dataclass(frozen=True)
class Part:
    """A line of NOTICE: what others made, its licence (an SPDX expression), its files in the site, its origin."""

    name: str
    licence: str
    files: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Found:
    """A package in the site, and what it says of itself. ``licence`` is None where it gives no SPDX expression."""

    name: str
    version: str
    licence: str | None
    text: str


def read_notice(notice: str) -> dict[str, Part]:
    """Return the parts by name. Each is a line of four fields with ``|`` between them."""
    rows = [[field.strip() for field in line.split("|")] for line in notice.splitlines() if "|" in line]
    return {name: Part(name, licence, tuple(files.split()), source) for name, licence, files, source in rows}


def of_package(folder: Path) -> Found:
    """Return what a package of node_modules says of itself, with its licence file."""
    package = json.loads((folder / "package.json").read_bytes())
    texts = [path for path in sorted(folder.iterdir()) if re.match("licen[cs]e|copying", path.name, re.IGNORECASE)]
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in texts)
    return Found(package["name"], package["version"], package.get("license"), text)


def of_wheel(path: Path) -> Found:
    """Return what a wheel says of itself, with its licence files one after the other."""
    with zipfile.ZipFile(path) as wheel:
        folder = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")).rsplit("/", 1)[0]
        metadata = email.message_from_bytes(wheel.read(f"{folder}/METADATA"))
        files = [f"{folder}/licenses/{name}" for name in metadata.get_all("License-File", [])]
        text = "\n\n".join(wheel.read(name).decode() for name in files)
    return Found(metadata["Name"].lower(), metadata["Version"], metadata["License-Expression"], text)


def texts_of(part: Part, found: Sequence[Found]) -> list[str]:
    """Return a part's licence, as its package brings it or as it always is, and what licences/ has by its name."""
    standard = ROOT / "LICENSE" if part.licence == "Apache-2.0" else TEXTS / f"{part.licence}.txt"
    named = TEXTS / f"{re.sub(r'[^a-z0-9]+', '-', part.name.lower()).strip('-')}.txt"
    brought = [one.text for one in found if one.text]
    kept = [path.read_text(encoding="utf-8") for path in (standard, named) if path.is_file()]
    return brought + kept[bool(brought) and standard.is_file() :]


def unlisted_crates(module: bytes, listed: str) -> list[str]:
    """Return the Rust packages that are named in a WebAssembly module, and not in a list."""
    names = {name.decode() for name in _CRATE.findall(module)}
    return sorted(names - {line.split(" | ")[0] for line in listed.splitlines() if " | " in line})


def faults(parts: Mapping[str, Part], found: Sequence[Found], files: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with NOTICE, a sentence each; ``files`` are the site's, with ``/`` between folders."""
    for file in files:
        globs = [*OURS, *(glob for part in parts.values() for glob in part.files)]
        if not any(fnmatch.fnmatchcase(file, glob) for glob in globs):
            yield f"{file}: nothing in NOTICE says whose it is."
    for one in found:
        part = parts.get(one.name)
        if part is None:
            yield f"{one.name} {one.version} ({one.licence}) is in the site, and not in NOTICE."
        elif one.licence not in (None, part.licence):
            yield f"{one.name} {one.version} has the licence {one.licence}; NOTICE says {part.licence}."
    names = {one.name for one in found} | {BUNDLER}
    for part in parts.values():
        unlisted = part.files == SCRIPTS and part.name not in names
        if unlisted or not all(fnmatch.filter(files, glob) for glob in part.files):
            yield f"{part.name} is in NOTICE, and not in the site."
        elif not texts_of(part, [one for one in found if one.name == part.name]):
            yield f"{part.name} has no text: put it into licences/."


def notice_of(notice: str, names: Container[str]) -> str:
    """Return NOTICE with the lines of these parts alone, and without the headings that then have none."""
    kept: list[str] = []
    for paragraph in notice.split("\n\n"):
        lines = paragraph.split("\n")
        if "|" not in paragraph:
            kept.append(paragraph)
        elif own := [line for line in lines if line.split("|")[0].strip() in names]:
            kept.append("\n".join(own))
        else:
            kept.pop()  # its heading
    return "\n\n".join(kept).rstrip() + "\n"


def page_of(notice: str, parts: Iterable[Part], found: Sequence[Found]) -> str:
    """Return the page: NOTICE, then each part's text."""
    sections = []
    for part in parts:
        own = [one for one in found if one.name == part.name]
        versions = " ".join(one.version for one in own)
        texts = "".join(f"<pre>{html.escape(text.strip())}</pre>\n" for text in texts_of(part, own))
        sections.append(
            f"<h2>{html.escape(f'{part.name} {versions}'.strip())}: {html.escape(part.licence)}</h2>\n{texts}"
        )
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        "<title>Licences</title>\n<style>pre { white-space: pre-wrap }</style>\n"
        f"<h1>Licences</h1>\n<pre>{html.escape(notice)}</pre>\n{''.join(sections)}</html>\n"
    )


def main(site: Path, *, whole: bool = True) -> list[str]:
    """Write the page into the site, or into a part of it; return the faults, and write nothing where there are any."""
    notice = NOTICE.read_text(encoding="utf-8")
    parts = read_notice(notice)
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    if not whole:
        parts = {name: part for name, part in parts.items() if any(fnmatch.filter(files, glob) for glob in part.files)}
        notice = notice_of(notice, parts)
    wheels = [site / file for file in files if file.endswith(".whl") and not fnmatch.fnmatchcase(file, OURS[-2])]
    packages = json.loads((site / BUNDLED).read_bytes())
    found = [of_package(Path(folder)) for folder in packages] + [of_wheel(path) for path in wheels]
    wrong = list(faults(parts, found, files))
    crates = (TEXTS / "linera-client.txt").read_text(encoding="utf-8")
    for glob in parts[RUST].files if RUST in parts else ():
        for path in site.glob(glob):
            wrong += [
                f"{name} is in {path.name}, and not in {RUST}'s list."
                for name in unlisted_crates(path.read_bytes(), crates)
            ]
    if not wrong:
        (site / PAGE).write_text(page_of(notice, parts.values(), found), encoding="utf-8")
        if not whole:
            (site / NOTICE.name).write_text(notice, encoding="utf-8")
        (site / BUNDLED).unlink()
        (site / BUNDLED).parent.rmdir()
    return wrong


if __name__ == "__main__":
    sys.exit("\n".join(main(Path(sys.argv[1]), whole="--part" not in sys.argv)) or None)
