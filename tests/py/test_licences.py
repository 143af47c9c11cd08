# SPDX-License-Identifier: Apache-2.0
"""scripts/licences.py on a played site: each part that NOTICE names, and then one fault at a time."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "licences.py"
PARTS = [
    [field.strip() for field in line.split("|")] for line in (ROOT / "NOTICE").read_text().splitlines() if "|" in line
]
LIST = ".vite/packages.json"


def run(site: Path, *options: str) -> str:
    """Return what is refused; empty where the page was written."""
    done = subprocess.run([sys.executable, SCRIPT, site, *options], capture_output=True, check=False, text=True)
    assert (done.returncode == 0) == (done.stderr == "") == (site / "licences.html").is_file()
    return done.stderr


def write_wheel(path: Path, name: str, licence: str) -> None:
    metadata = f"Name: {name}\nVersion: 1.0\nLicense-Expression: {licence}\nLicense-File: LICENSE\n"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}-1.0.dist-info/METADATA", metadata)
        wheel.writestr(f"{name}-1.0.dist-info/licenses/LICENSE", f"The licence of {name} <its author>")


def write_package(site: Path, name: str, licence: str) -> None:
    """Write a package, and put it at the end of the list of those in the scripts."""
    folder = site.with_name("node_modules") / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": "1.0", "license": licence}))
    (folder / "LICENSE").write_text(f"The licence of {name}")
    listed = json.loads((site / LIST).read_text())
    (site / LIST).write_text(json.dumps([*(one for one in listed if one != str(folder)), str(folder)]))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = tmp_path / "dist"
    (site / LIST).parent.mkdir(parents=True)
    (site / LIST).write_text("[]")
    (site / "index.html").touch()
    for name, licence, files, _ in PARTS:
        for file in files.split():
            path = site / file.replace("*", "1")
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".whl":
                write_wheel(path, name, licence)
            else:
                path.touch()
        if files.startswith("assets/") and name != "vite":
            write_package(site, name, licence)
    return site


def test_a_site_that_notice_describes_gets_a_page(site: Path) -> None:
    assert run(site) == ""
    page = (site / "licences.html").read_text()
    for name, licence, *_ in PARTS:
        assert re.search(f"<h2>{re.escape(name)}[ 0-9.]*: {re.escape(licence)}</h2>\n<pre>", page), name
    assert "The licence of numpy &lt;its author&gt;" in page
    assert "Mozilla Public License" in page
    assert not (site / LIST).parent.exists()


def test_a_part_of_the_site_has_the_licences_of_what_is_in_it(site: Path) -> None:
    for folder in ("assets", "models"):
        shutil.rmtree(site / folder)
    (site / "worker.js").touch()
    (site / LIST).write_text("[]")
    assert run(site, "--part") == ""
    page = (site / "licences.html").read_text()
    assert "<h2>numpy 1.0: " in page
    assert "<h2>svelte" not in page
    notice = (site / "NOTICE").read_text()
    assert "\nnumpy | BSD" in notice
    assert "Licensed under the Apache License" in notice
    for other in ("svelte", "In the wallet's frame", "The model that the site serves", "SmolLM2"):
        assert other not in notice, other


def test_a_file_of_nobody_in_a_part_of_the_site(site: Path) -> None:
    (site / "wheels/astray.zip").touch()
    assert run(site, "--part") == "wheels/astray.zip: nothing in NOTICE says whose it is.\n"


def test_a_package_that_notice_does_not_name(site: Path) -> None:
    write_package(site, "left-pad", "WTFPL")
    assert run(site) == "left-pad 1.0 (WTFPL) is in the site, and not in NOTICE.\n"


def test_a_package_whose_licence_changed(site: Path) -> None:
    write_package(site, "idb", "BUSL-1.1")
    assert run(site) == "idb 1.0 has the licence BUSL-1.1; NOTICE says ISC.\n"


def test_a_wheel_that_notice_does_not_name(site: Path) -> None:
    write_wheel(site / "wheels/astray-1.0-py3-none-any.whl", "astray", "MIT")
    assert run(site).splitlines() == [
        "wheels/astray-1.0-py3-none-any.whl: nothing in NOTICE says whose it is.",
        "astray 1.0 (MIT) is in the site, and not in NOTICE.",
    ]


def test_a_wheel_whose_licence_changed(site: Path) -> None:
    write_wheel(site / "wheels/jinja2-1.whl", "jinja2", "AGPL-3.0-only")
    assert "jinja2 1.0 has the licence AGPL-3.0-only" in run(site)


def test_a_file_of_nobody(site: Path) -> None:
    (site / "assets/somebody.woff2").touch()
    assert run(site) == "assets/somebody.woff2: nothing in NOTICE says whose it is.\n"


def test_a_part_that_the_site_no_longer_has(site: Path) -> None:
    (site / LIST).write_text(json.dumps([one for one in json.loads((site / LIST).read_text()) if "/idb" not in one]))
    next(site.glob("models/SmolLM2*")).unlink()
    assert run(site) == "".join(
        f"{name} is in NOTICE, and not in the site.\n" for name in ("idb", "SmolLM2-135M-Instruct")
    )


def test_a_part_without_a_text(site: Path) -> None:
    (site.with_name("node_modules") / "svelte/LICENSE").unlink()
    assert run(site) == "svelte has no text: put it into licences/.\n"


def test_a_rust_package_that_the_list_lacks(site: Path) -> None:
    sources = b"/registry/src/one-6f17d22b/serde-1.0.1/a.rs /registry/src/one-1949cf8c/new-crate-0.3.0/b.rs"
    (site / "assets/index_bg-1.wasm").write_bytes(sources)
    assert run(site) == "new-crate is in index_bg-1.wasm, and not in @linera/client's list.\n"
