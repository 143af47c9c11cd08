# SPDX-License-Identifier: Apache-2.0
"""What else could have stood: against all logits of a fresh session, sorted and summed up by Python's own means."""

import json
import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from fixtures.make import tiny_gguf
from fixtures.t5_files import WORDS, tiny_t5_gguf
from taleproof import Model
from taleproof import open as open_model
from taleproof.apps.open_model import OpenModel
from taleproof.apps.worker.places import places
from taleproof.errors import InvalidSettingError, PromptTooLongError, UnknownTokenError
from taleproof.tasks.alternatives import Choice, _place
from taleproof.tasks.base import Token
from taleproof.tasks.generate import ReusableSession


class Written:
    """A tiny model, and a text of its own."""

    def __init__(self, folder: Path, data: bytes, mode: Any) -> None:
        (folder / "tiny.gguf").write_bytes(data)
        self.model: Model = open_model(folder / "tiny.gguf")
        self.opened = cast("OpenModel", cast("Any", self.model)._opened)
        written = self.model.generate("a big cat", mode=mode, max_tokens=20, temperature=50.0, seed=3)
        self.logprobs = [event.logprob for event in written if isinstance(event, Token)]
        self.prompt, self.tokens = list(written.prompt_tokens), written.tokens

    def by_hand(self, at: int) -> list[tuple[int, float]]:
        """All tokens and their log-probabilities at a place, the likeliest first."""
        [logits] = self.opened.engine.session().forward(self.prompt + self.tokens[:at]).tolist()
        total = math.fsum(math.exp(value) for value in logits)
        order = sorted(range(len(logits)), key=lambda token: (-logits[token], token))
        return [(token, logits[token] - math.log(total)) for token in order]


@pytest.fixture(scope="module", params=["raw", "t5"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("model")
    if request.param == "t5":
        return Written(folder, tiny_t5_gguf("t5", WORDS), "chat")
    return Written(folder, tiny_gguf("Q4_1"), "raw")


def test_each_place_has_the_likeliest_of_all_tokens(written: Written) -> None:
    found = written.model.alternatives(count=10)
    assert [place.chosen for place in found] == list(map(Choice, written.tokens, written.logprobs))
    for at, place in enumerate(found):
        expected = written.by_hand(at)[:10]
        assert [choice.id for choice in place.likeliest] == [token for token, _ in expected]
        assert [choice.logprob for choice in place.likeliest] == pytest.approx([p for _, p in expected], abs=2e-6)


def test_a_stretch_is_the_same_whatever_is_in_the_cache(written: Written) -> None:
    found = written.model.alternatives(count=5)
    for begin, end in ((19, 20), (0, 1), (7, 7), (3, 17), (20, 20)):
        assert written.model.alternatives(begin, end, count=5) == found[begin:end]
    longer = written.model.generate("a big cat dog", mode="chat", max_tokens=3)  # something else is in the cache
    list(longer)
    request = {"promptTokens": written.prompt, "tokens": written.tokens, "begin": 4, "end": 6, "count": 5}
    session = ReusableSession(written.opened.session)
    shown = places(written.opened, session, cast("Any", request))
    assert [[c["id"] for c in place["likeliest"]] for place in shown] == [
        [choice.id for choice in place.likeliest] for place in found[4:6]
    ]
    tokenizer = written.opened.tokenizer
    for place, token, before in zip(shown, written.tokens[4:6], written.tokens[3:5], strict=True):
        assert place["chosen"]["text"] == tokenizer.token_bytes(token, after=before).decode("utf-8", "replace")
    assert json.dumps(shown)
    again = written.model.generate("a big cat", mode="chat" if written.model.encoder_decoder else "raw", max_tokens=20)
    list(again)


def test_of_equals_the_smaller_id_comes_first() -> None:
    logits = np.array([1, 3, -0.0, 3, 2, 3, 0.0], np.float32)
    ids = [[choice.id for choice in _place(logits, 4, count).likeliest] for count in (1, 2, 4, 7)]
    assert ids == [[1], [1, 3], [1, 3, 5, 4], [1, 3, 5, 4, 0, 2, 6]]


def test_what_is_not_in_the_text_is_refused(written: Written) -> None:
    session = ReusableSession(written.opened.session)
    good = {"promptTokens": written.prompt, "tokens": written.tokens, "begin": 0, "end": 1, "count": 1}
    wrong: list[dict[str, Any]] = [
        {"begin": -1},
        {"begin": 2},
        {"end": 21},
        {"end": 1.5},
        {"count": 0},
        {"count": 101},
        {"promptTokens": []},
    ]
    for change in wrong:
        with pytest.raises(InvalidSettingError):
            places(written.opened, session, cast("Any", {**good, **change}))
    for token in (-1, 1 << 20):
        with pytest.raises(UnknownTokenError):
            places(written.opened, session, cast("Any", {**good, "tokens": [token]}))
    long = [*written.prompt, *written.tokens] * 100
    with pytest.raises(PromptTooLongError):
        places(written.opened, session, cast("Any", {**good, "tokens": long, "end": len(long)}))
    assert len(places(written.opened, session, cast("Any", good))) == 1
