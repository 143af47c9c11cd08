# SPDX-License-Identifier: Apache-2.0
"""kernels/releases.json: which kernels each release has, so that a record's ``kernels`` leads to a version."""

import json
import re
from pathlib import Path

from taleproof import __version__
from taleproof.memory.kernels import KERNEL_DIGESTS
from taleproof.nn.numerics import NUMERICS_VERSION


ROOT = Path(__file__).parents[2]
RELEASES = json.loads((ROOT / "kernels/releases.json").read_text())


def test_this_release_has_the_kernels_that_its_source_names() -> None:
    assert RELEASES[__version__] == {"numerics": NUMERICS_VERSION, "kernels": [KERNEL_DIGESTS]}


def test_the_page_has_the_same_version_and_the_changelog_names_it() -> None:
    for file in ("package.json", "package-lock.json"):
        assert json.loads((ROOT / file).read_text())["version"] == __version__
    assert re.search(rf"^## .*\b{re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_every_release_has_all_builds() -> None:
    for release in RELEASES.values():
        for digests in release["kernels"]:
            assert digests.keys() == KERNEL_DIGESTS.keys()
            assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests.values())


def test_kernels_belong_to_one_numerics_version() -> None:
    found: dict[str, int] = {}
    for release in RELEASES.values():
        for digests in release["kernels"]:
            for digest in digests.values():
                assert found.setdefault(digest, release["numerics"]) == release["numerics"]
