# SPDX-License-Identifier: Apache-2.0
"""docs/glossary.md: in the order of the alphabet, and the words that it has from the code are in the code."""

import re
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[2]
TERMS = [line.split("|")[1:3] for line in (ROOT / "docs/glossary.md").read_text().splitlines()[6:] if "|" in line]
FILES = [path for folder in ("kernels", "py/taleproof", "web") for path in (ROOT / folder).rglob("*")]
SOURCES = "\n".join(path.read_text() for path in FILES if path.suffix in {".py", ".c", ".ts", ".json"})


def test_the_terms_stand_in_order() -> None:
    names = [name.strip().lower() for name, _ in TERMS]
    assert len(names) >= 30
    assert names == sorted(names)


@pytest.mark.parametrize("word", sorted({word for _, text in TERMS for word in re.findall("`([^`]+)`", text)}))
def test_a_word_of_the_code_is_found(word: str) -> None:
    if word.endswith(".py"):
        assert (ROOT / "py/taleproof" / word).is_file()
    else:
        assert re.search(rf"(?<!\w){re.escape(word)}\b", SOURCES)
