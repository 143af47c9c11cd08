"""T5 from safetensors, against the logits that transformers computes (fixtures/make_families.py)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.families import GOLDEN, SOURCE, T5, TEXT, safetensors, weights
from fixtures.gguf_writer import Tensor, write
from taleproof.engine import Engine, open_numpy
from taleproof.errors import FormatError
from taleproof.formats import ModelFile, parse_files
from taleproof.generate import Limits, Token, encode_prompt, generate
from taleproof.local import open_local
from taleproof.reader import BytesBlob
from taleproof.sampling import Sampler, SamplerConfig
from taleproof.score import score


MADE = json.loads(GOLDEN.read_text(encoding="utf-8"))["t5"]


def files(version: str, **changes: Any) -> tuple[BytesBlob, ModelFile]:
    model = BytesBlob(safetensors(weights(version, MADE[version]["shapes"])), "model.safetensors")
    config = BytesBlob(json.dumps(T5[version] | changes).encode(), "config.json")
    return model, parse_files([config, model])


def opened(version: str, **changes: Any) -> Engine:
    blob, file = files(version, **changes)
    return open_numpy([blob], file)


def logits(engine: Engine, source: list[int]) -> NDArray[np.float32]:
    session = engine.session(64)
    assert session.forward(source, logits="none") is None
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
    with pytest.raises(ValueError, match="a source and the token 0"):
        session.forward(TEXT)
    session = opened("t5").session(64)
    with pytest.raises(ValueError, match="a source and the token 0"):
        session.forward(SOURCE)


def gguf(version: str, metadata: Mapping[str, Any]) -> bytes:
    """Return a GGUF file as llama.cpp's converter makes it."""
    blob, file = files(version)
    keys = {
        "general.architecture": "t5",
        "t5.context_length": 512,
        "t5.embedding_length": 64,
        "t5.feed_forward_length": 96,
        "t5.block_count": 2,
        "t5.decoder_block_count": 3,
        "t5.attention.head_count": 4,
        "t5.attention.key_length": 24,
        "t5.attention.value_length": 24,
        "t5.attention.layer_norm_epsilon": 1e-6,
        "t5.attention.layer_norm_rms_epsilon": 1e-6,
        "t5.attention.relative_buckets_count": 8,
        "t5.attention.relative_max_distance": 12,
        "t5.decoder_start_token_id": 0,
    }
    tensors = [
        Tensor(name, 0, info.shape, bytes(blob.read(info.offset, info.nbytes))) for name, info in file.tensors.items()
    ]
    tensors.append(Tensor("dec.blk.0.cross_attn_rel_b.weight", 0, (8, 4), bytes(128)))
    return write(keys | metadata, tensors)


@pytest.mark.parametrize("version", T5)
def test_a_gguf_file_of_the_same_weights_gives_the_same_bits(version: str) -> None:
    blob = BytesBlob(gguf(version, {}), "t5.gguf")
    found = logits(open_numpy([blob], parse_files([blob])), SOURCE)
    assert found.tobytes() == logits(opened(version), SOURCE).tobytes()


WORDS = {
    "tokenizer.ggml.model": "t5",
    "tokenizer.ggml.pre": "default",
    "tokenizer.ggml.tokens": ["<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz", ".", "▁a"],
    "tokenizer.ggml.scores": np.array([0, 0, 0, *(-float(n) for n in range(2, 31))], np.float32),
    "tokenizer.ggml.token_type": np.array([3, 3, 2, *[1] * 29], np.int32),
    "tokenizer.ggml.eos_token_id": 1,
    "tokenizer.ggml.padding_token_id": 0,
    "tokenizer.ggml.unknown_token_id": 2,
    "tokenizer.ggml.add_bos_token": False,
    "tokenizer.ggml.add_eos_token": True,
    "tokenizer.ggml.add_space_prefix": True,
    "tokenizer.ggml.remove_extra_whitespaces": True,
}


def test_a_prompt_is_a_source_and_its_text_can_be_continued(tmp_path: Path) -> None:
    path = tmp_path / "t5.gguf"
    path.write_bytes(gguf("t5", WORDS))
    model = open_local(path, backend="numpy")
    ids = encode_prompt(model.tokenizer, "a big cat")
    assert ids[-2:] == [1, 0]
    assert model.tokenizer.decode(ids) == "a big cat"

    def tale(prompt: list[int], count: int, written: int = 0) -> list[int]:
        sampler = Sampler(SamplerConfig())
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
