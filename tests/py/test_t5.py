# SPDX-License-Identifier: Apache-2.0
"""T5 from safetensors, against the logits that transformers computes (fixtures/make_families.py)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.families import SOURCE, T5, TEXT
from fixtures.t5_files import MADE, WORDS, tiny_t5, tiny_t5_gguf
from scripted import generate
from taleproof.apps.local import open_local
from taleproof.errors import FormatError
from taleproof.io.reader import BytesBlob
from taleproof.models import parse_files
from taleproof.sampling.chain import NumpySampler
from taleproof.sampling.config import SamplerConfig
from taleproof.tasks.base import Token
from taleproof.tasks.engine import Engine, open_numpy
from taleproof.tasks.generate import Limits, encode_prompt
from taleproof.tasks.score import score


def opened(version: str, **changes: Any) -> Engine:
    blob, file = tiny_t5(version, **changes)
    return open_numpy([blob], file)


def logits(engine: Engine, encoder_ids: list[int]) -> NDArray[np.float32]:
    session = engine.session(64)
    assert session.forward(encoder_ids, logits="none") is None
    found = session.forward(TEXT, logits="all")
    assert found is not None
    return found


@pytest.mark.parametrize("version", T5)
def test_logits_are_those_of_transformers(version: str) -> None:
    expected = np.array(MADE[version]["logits"], np.float32)  # (T, vocab)
    assert expected.std() > 0.1
    np.testing.assert_allclose(logits(opened(version), SOURCE), expected, atol=2e-4, rtol=1e-3)


def test_the_source_matters() -> None:
    engine = opened("t5")
    assert np.abs(logits(engine, SOURCE) - logits(engine, SOURCE[:5])).max() > 0.1


@pytest.mark.parametrize("cut", [1, len(SOURCE) - 1, len(SOURCE) + 1, len(SOURCE) + 4])
def test_steps_may_part_the_sequence_anywhere(cut: int) -> None:
    engine = opened("t5")
    whole = [*SOURCE, *TEXT]
    session = engine.session(64)
    session.forward(whole[:cut], logits="none")
    rest = session.forward(whole[cut:], logits="all")
    assert rest is not None
    unread = max(0, len(SOURCE) - cut)
    assert np.isnan(rest[:unread]).all()
    np.testing.assert_allclose(rest[unread:], logits(engine, SOURCE)[max(0, cut - len(SOURCE)) :], atol=1e-5)


def test_a_session_rewinds_into_its_source_and_reads_it_again() -> None:
    engine = opened("t5")
    session = engine.session(64)
    session.forward([*SOURCE, *TEXT])
    session.rewind(5)
    session.forward(TEXT[:1], logits="none")
    expected = logits(engine, SOURCE[:5])[-1:]
    np.testing.assert_allclose(session.forward(TEXT[1:]), expected, atol=1e-5)
    session.rewind(6)
    np.testing.assert_allclose(session.forward(TEXT[1:]), expected, atol=1e-5)


def test_logits_need_a_source_and_a_text() -> None:
    session = opened("t5").session(64)
    with pytest.raises(ValueError, match="the encoder's input and the token 0"):
        session.forward(TEXT)
    session = opened("t5").session(64)
    with pytest.raises(ValueError, match="the encoder's input and the token 0"):
        session.forward(SOURCE)


@pytest.mark.parametrize("version", T5)
def test_a_gguf_file_of_the_same_weights_gives_the_same_bits(version: str) -> None:
    blob = BytesBlob(tiny_t5_gguf(version), "t5.gguf")
    found = logits(open_numpy([blob], parse_files([blob])), SOURCE)
    assert found.tobytes() == logits(opened(version), SOURCE).tobytes()


def test_a_prompt_is_a_source_and_its_text_can_be_continued(tmp_path: Path) -> None:
    path = tmp_path / "t5.gguf"
    path.write_bytes(tiny_t5_gguf("t5", WORDS))
    model = open_local(path, backend="numpy")
    ids = encode_prompt(model.tokenizer, "a big cat")
    assert ids[-2:] == [1, 0]
    assert model.tokenizer.decode(ids) == "a big cat"

    def tale(prompt: list[int], count: int, written: int = 0) -> list[int]:
        sampler = NumpySampler(SamplerConfig())
        events = generate(model.engine.session(64), model.tokenizer, prompt, sampler, Limits(count), written=written)
        return [event.id for event in events if isinstance(event, Token)]

    whole = tale(ids, 12)
    assert len(whole) > 4
    assert tale([*ids, *whole[:3]], 9, 3) == whole[3:]
    assert tale(encode_prompt(model.tokenizer, "a small dog"), 12) != whole
    given = list(score(model.engine.session(64), ids, whole))
    assert [entry.id for entry in given] == whole
    assert [entry.best for entry in given] == whole


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decoder_start_token_id", 32),
        ("relative_attention_num_buckets", 7),
        ("relative_attention_max_distance", 4),
        ("d_kv", 512),
        ("feed_forward_proj", "gated-silu"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(field: str, value: object) -> None:
    with pytest.raises(FormatError):
        opened("t5", **{field: value})
