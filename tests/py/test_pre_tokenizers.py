# SPDX-License-Identifier: Apache-2.0
"""Every pre-tokenizer by name, against llama.cpp's ids of 216 texts (tests/fixtures/make_pre_tokenizers.py)."""

import hashlib
import json
from pathlib import Path

import pytest

from fixtures.pre_tokenizer_texts import kind_of, texts, vocabulary
from taleproof.tokenizers import from_model
from taleproof.tokenizers.algorithms.pretokenize import PRE_TOKENIZERS
from vocabularies import model_file


ROWS = json.loads((Path(__file__).parents[1] / "fixtures" / "pre_tokenizers_llamacpp.json").read_text())["rows"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["pre"][0])
def test_llamacpp_cuts_texts_in_the_same_places(row: dict[str, list[str] | str]) -> None:
    assert isinstance(row["ids"], str)
    for pre in {PRE_TOKENIZERS[pre]: pre for pre in row["pre"]}.values():  # names of one pre-tokenizer cut alike
        rule = PRE_TOKENIZERS[pre]
        tokens, merges = vocabulary(in_bytes=rule.in_bytes, space=rule.space)
        keys = {"model": kind_of(pre), "pre": pre, "tokens": tokens, "merges": merges}
        tokenizer = from_model(model_file(keys))
        found = [tokenizer.encode(text, add_bos=False, parse_special=False) for text in texts()]
        digests = [hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:16] for ids in found]
        wrong = [
            text for text, ours, theirs in zip(texts(), digests, row["ids"].split(), strict=True) if ours != theirs
        ]
        assert not wrong, pre


@pytest.mark.parametrize("pre", ["afmoe", "superbpe"])
def test_a_long_run_of_digits_is_cut_in_threes_from_its_end_in_linear_time(pre: str) -> None:
    """What looks for the run's end at each digit takes minutes here; llama.cpp's rule counts the digits once."""
    for count in (100_000, 100_001, 100_002):
        words = PRE_TOKENIZERS[pre].split("1" * count)
        assert [len(word) for word in words] == [*([count % 3] if count % 3 else []), *[3] * (count // 3)]


def test_every_name_that_is_taken_has_been_compared() -> None:
    assert {pre for row in ROWS for pre in row["pre"]} == set(PRE_TOKENIZERS)


def test_the_name_that_llamacpp_guesses_where_a_file_has_none_is_wrong_for_nearly_every_family() -> None:
    """So such a file is refused: Falcon's is the only other rule that gives most texts the same ids."""
    rows = {tuple(row["pre"]): str(row["ids"]).split() for row in ROWS}
    guessed = rows.pop(("default",))
    alike = {names: sum(map(str.__eq__, guessed, ids)) for names, ids in rows.items()}
    assert alike.pop(("falcon",)) == 196
    assert max(alike.values()) == 58  # of 216: GPT-2's
