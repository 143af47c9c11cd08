# SPDX-License-Identifier: Apache-2.0
"""Conversion to GGUF: the same weights to within the type, the same tokenizer, the same story, and clear refusals."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from fixtures.families import BERT, GOLDEN, IDS, safetensors, weights
from fixtures.families import FAMILIES as FAMILY_CONFIGS
from fixtures.gguf_writer import Layout, Tensor, write
from fixtures.make import tiny_gguf, tiny_llama2c
from fixtures.t5_files import tiny_t5
from taleproof.apps.cli.main import main
from taleproof.apps.convert import convert
from taleproof.apps.local import open_local
from taleproof.errors import ConversionError, NumericsError
from taleproof.formats import ModelFile, TensorInfo, parse, tensor_f32
from taleproof.formats.gguf.write import head
from taleproof.formats.model_file import Value
from taleproof.io.reader import BytesBlob, FileBlob
from taleproof.models import parse_files
from taleproof.quant import BLOCK_TYPES
from taleproof.quant.encode import ENCODED, encode
from taleproof.tasks.engine import open_numpy
from taleproof.tokenizers import from_llama2c, from_model
from taleproof.tokenizers.gguf_keys import TokenizerKeys, keys_of_tokenizer_json
from taleproof.trust.digest import digest_blob


FIXTURES = Path(__file__).parents[1] / "fixtures"
GOLDEN_BERT = json.loads(GOLDEN.read_text(encoding="utf-8"))["bert"]
STORIES, WORDS = FIXTURES / "stories260K.bin", FIXTURES / "tok512.bin"


@pytest.mark.parametrize("type_name", ENCODED)
def test_a_gguf_model_in_every_type(type_name: str, tmp_path: Path) -> None:
    source, out = BytesBlob(tiny_gguf("F32"), "tiny.gguf"), tmp_path / "out.gguf"
    file = parse(source)
    digests = convert(file, [source], out, type_name)
    assert digests == digest_blob(FileBlob(out), sha3=True)
    written = parse(FileBlob(out))
    assert list(written.tensors) == list(file.tensors)
    for name, info in written.tensors.items():
        before = file.tensors[name]
        kind = BLOCK_TYPES[type_name if len(info.shape) == 2 else "F32"]
        assert (info.type, info.shape) == (kind, before.shape)
        data = FileBlob(out).read(info.offset, info.nbytes)
        assert bytes(data) == encode(kind, tensor_f32(source, before)).tobytes()
    for key in file.metadata:
        assert np.array_equal(np.array(written.metadata[key]), np.array(file.metadata[key])), key
    text = "Once upon a time, in a tin"
    assert from_model(written).encode(text) == from_model(file).encode(text)


@pytest.mark.parametrize(("family", "tables"), [("bert", {"position_embd", "token_types"}), ("t5", {"enc", "dec"})])
def test_tables_that_are_only_added_stay_floats(family: str, tables: set[str], tmp_path: Path) -> None:
    if family == "bert":
        source = BytesBlob(safetensors(weights("bert", GOLDEN_BERT["shapes"])), "model.safetensors")
        file = parse_files([source, BytesBlob(json.dumps(BERT).encode(), "config.json")])
    else:
        source, file = tiny_t5("t5")
    out = tmp_path / "out.gguf"
    convert(file, [source], out, "Q8_0", {"tokenizer.ggml.tokens": ["a"]})
    tensors = parse(FileBlob(out)).tensors.values()
    kept = {tensor.name for tensor in tensors if len(tensor.shape) == 2 and tensor.type.name == "F32"}
    assert {name.split(".")[0] for name in kept} == tables
    expected, found = file.metadata, parse(FileBlob(out)).metadata
    assert {key for key in expected if key not in found} == set()


def test_the_gguf_package_reads_what_is_written(tmp_path: Path) -> None:
    source, out = BytesBlob(tiny_gguf("Q5_K"), "tiny.gguf"), tmp_path / "out.gguf"
    convert(parse(source), [source], out, "Q4_0")
    reader = gguf.GGUFReader(out)
    assert {tensor.tensor_type.name for tensor in reader.tensors} == {"F32", "Q4_0"}
    kind = reader.get_field("general.file_type")
    assert kind is not None
    assert kind.contents() == gguf.LlamaFileType.MOSTLY_Q4_0


def test_tensors_of_the_type_already_are_copied(tmp_path: Path) -> None:
    data = tiny_gguf("Q4_1")
    source, out = BytesBlob(data, "tiny.gguf"), tmp_path / "out.gguf"
    file = parse(source)
    convert(file, [source], out, "Q4_1")
    written = parse(FileBlob(out))
    for name, info in file.tensors.items():
        after = written.tensors[name]
        assert bytes(FileBlob(out).read(after.offset, after.nbytes)) == data[info.offset : info.offset + info.nbytes]


def test_a_llama2c_model_writes_the_same_story(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "stories.gguf"
    assert main(["convert", str(STORIES), str(out), "--type", "f32", "--tokenizer", str(WORDS), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["sha256"] == digest_blob(FileBlob(out)).sha256
    assert said["notes"] == []
    arguments = ["--prompt", "Once upon a time", "--max-tokens", "40", "--backend", "numpy"]
    assert main(["generate", str(out), *arguments]) == 0
    converted = capsys.readouterr().out
    assert main(["generate", str(STORIES), "--tokenizer", str(WORDS), *arguments]) == 0
    assert converted == capsys.readouterr().out


def test_llama2cs_tokenizer_gives_the_same_ids(tmp_path: Path) -> None:
    out = tmp_path / "stories.gguf"
    assert main(["convert", str(STORIES), str(out), "--type", "q8_0", "--tokenizer", str(WORDS)]) == 0
    before, after = from_llama2c(FileBlob(WORDS), 512), from_model(parse(FileBlob(out)))
    for text in ("Lily and Ben went to the park.", "  two  spaces\n", "\N{GRINNING FACE} caf\u00e9", "x"):
        assert after.encode(text, parse_special=False) == before.encode(text)
    assert after.eos_ids == before.eos_ids


def test_groups_of_llama2cs_version_2(tmp_path: Path) -> None:
    path, out = tmp_path / "v2.bin", tmp_path / "out.gguf"
    path.write_bytes(tiny_llama2c(2))
    (tmp_path / "words.bin").write_bytes(b"")
    file = parse(FileBlob(path))
    convert(file, [FileBlob(path)], out, "F32", {"tokenizer.ggml.tokens": ["a"]})
    written = parse(FileBlob(out))
    for name, info in file.tensors.items():
        assert np.array_equal(tensor_f32(FileBlob(out), written.tensors[name]), tensor_f32(FileBlob(path), info))


def _huggingface(architecture: str, name: str, values: np.ndarray) -> tuple[ModelFile, BytesBlob]:
    blob = BytesBlob(values.astype("<f4").tobytes(), "model.safetensors")
    info = TensorInfo(name, BLOCK_TYPES["F32"], values.shape, 0, values.nbytes)
    keys: dict[str, Value] = {
        "general.architecture": architecture,
        f"{architecture}.block_count": 1,
        f"{architecture}.attention.head_count": 2,
        "tokenizer.ggml.tokens": ["a"],
    }
    return ModelFile(blob.name, "safetensors", architecture, keys, {name: info}, blob.size), blob


@pytest.mark.parametrize(("architecture", "changed"), [("llama", True), ("smollm3", True), ("qwen3", False)])
def test_rows_of_queries_are_in_ggufs_order(architecture: str, changed: bool, tmp_path: Path) -> None:
    values = np.arange(8 * 32, dtype=np.float32).reshape(8, 32)
    file, blob = _huggingface(architecture, "blk.0.attn_q.weight", values)
    convert(file, [blob], tmp_path / "out.gguf", "F32")
    written = FileBlob(tmp_path / "out.gguf")
    order = [0, 2, 1, 3, 4, 6, 5, 7] if changed else range(8)  # two heads of four rows; halves become pairs
    found = tensor_f32(written, parse(written).tensors["blk.0.attn_q.weight"])
    assert np.array_equal(found, values[list(order)])


def test_gemmas_norms_get_their_one(tmp_path: Path) -> None:
    file, blob = _huggingface("gemma3", "blk.0.attn_norm.weight", np.zeros(8, np.float32))
    convert(file, [blob], tmp_path / "out.gguf", "F32")
    written = FileBlob(tmp_path / "out.gguf")
    assert (tensor_f32(written, parse(written).tensors["blk.0.attn_norm.weight"]) == 1).all()


@pytest.mark.parametrize("family", FAMILY_CONFIGS)
def test_a_family_from_safetensors_has_the_same_logits(family: str, tmp_path: Path) -> None:
    made = json.loads(GOLDEN.read_text(encoding="utf-8"))["families"][family]
    model = BytesBlob(safetensors(weights(family, made["shapes"])), "model.safetensors")
    config = BytesBlob(json.dumps(FAMILY_CONFIGS[family]).encode(), "config.json")
    convert(parse_files([config, model]), [model], tmp_path / "out.gguf", "F32", {"tokenizer.ggml.tokens": ["a"]})
    written = FileBlob(tmp_path / "out.gguf")
    engine = open_numpy([written], parse(written))
    found = engine.session(len(IDS)).forward(IDS, logits="all")
    np.testing.assert_allclose(found, np.array(made["logits"], np.float32), atol=2e-4, rtol=1e-3)


def test_llama_3s_factors_become_a_tensor(tmp_path: Path) -> None:
    file, blob = _huggingface("llama", "a", np.zeros(8, np.float32))
    factors = np.array([1, 2, 8], np.float32)
    with_factors = replace(file, metadata={**file.metadata, "llama.rope.factors": factors})
    convert(with_factors, [blob], tmp_path / "out.gguf", "F16")
    written = parse(FileBlob(tmp_path / "out.gguf"))
    assert "llama.rope.factors" not in written.metadata
    assert np.array_equal(tensor_f32(FileBlob(tmp_path / "out.gguf"), written.tensors["rope_freqs.weight"]), factors)


def test_rows_that_are_no_whole_blocks_become_f16(tmp_path: Path) -> None:
    file, blob = _huggingface("qwen3", "a", np.ones((2, 31), np.float32))
    convert(file, [blob], tmp_path / "out.gguf", "Q4_0")
    assert parse(FileBlob(tmp_path / "out.gguf")).tensors["a"].type.name == "F16"


@pytest.mark.parametrize(
    ("weight", "error"), [(np.inf, NumericsError), (np.nan, NumericsError), (1e9, ConversionError)]
)
def test_weights_that_cannot_be_written_leave_no_file(weight: float, error: type[Exception], tmp_path: Path) -> None:
    file, blob = _huggingface("qwen3", "a", np.full((2, 32), weight, np.float32))
    with pytest.raises(error):
        convert(file, [blob], tmp_path / "out.gguf", "Q8_0")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("layout", [Layout(1), Layout(3, big_endian=True)])
def test_other_versions_and_byte_orders(layout: Layout, tmp_path: Path) -> None:
    keys = {"general.architecture": "llama", "tokenizer.ggml.tokens": ["a"], "n": np.arange(300, 303, dtype="<i2")}
    values = np.arange(64, dtype=np.float32).reshape(2, 32)
    data = layout.numbers(values)
    source = BytesBlob(write(keys, [Tensor("a", 0, (2, 32), data)], layout), "other.gguf")
    convert(parse(source), [source], tmp_path / "out.gguf", "F32")
    written = FileBlob(tmp_path / "out.gguf")
    file = parse(written)
    assert file.format == "GGUF v3"
    assert np.array_equal(tensor_f32(written, file.tensors["a"]), values)
    assert list(file.numbers("n")) == [300, 301, 302]


def test_a_folder_of_two_parts(tmp_path: Path) -> None:
    values = np.arange(64, dtype="<f4").reshape(2, 32)
    for number, name in enumerate("ab"):
        keys = {"general.architecture": "llama", "tokenizer.ggml.tokens": ["a"], "split.no": number, "split.count": 2}
        part = write(keys, [Tensor(name, 0, (2, 32), (values + number).tobytes())])
        (tmp_path / f"model-0000{number + 1}-of-00002.gguf").write_bytes(part)
    out = tmp_path / "out" / "one.gguf"
    out.parent.mkdir()
    assert main(["convert", str(tmp_path), str(out), "--type", "f32"]) == 0
    written = FileBlob(out)
    file = parse(written)
    assert np.array_equal(tensor_f32(written, file.tensors["b"]), values + 1)
    assert not any(key.startswith("split.") for key in file.metadata)


def test_refusals_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.gguf")
    assert main(["convert", str(STORIES), out, "--type", "q9_9", "--tokenizer", str(WORDS)]) == 2
    assert "Q4_1" in capsys.readouterr().err
    alone = tmp_path / "alone.bin"
    alone.write_bytes(tiny_llama2c(0))
    assert main(["convert", str(alone), out, "--type", "f16"]) == 2
    assert "tokenizer" in capsys.readouterr().err
    assert main(["convert", str(tmp_path / "none.gguf"), out, "--type", "f16"]) == 2
    assert "none.gguf" in capsys.readouterr().err
    assert (
        main(["convert", str(STORIES), str(tmp_path / "no" / "out"), "--type", "f16", "--tokenizer", str(WORDS)]) == 2
    )
    assert capsys.readouterr().err.count("\n") == 1


def test_numbers_of_every_size_keep_their_value() -> None:
    keys: dict[str, Value] = {
        "general.architecture": "llama",
        **{f"k{n}": n for n in (0, -1, 1 << 31, -(1 << 31), 1 << 32, (1 << 64) - 1, -(1 << 63))},
        "short": 0.5,
        "long": 1e300,
        "flag": True,
        "nested": [["a"], ["b", "c"]],
        "bytes": np.arange(3, dtype="<u1"),
    }
    found = parse(BytesBlob(head(keys, []))).metadata
    assert all(np.array_equal(np.array(found[key], object), np.array(keys[key], object)) for key in keys)
    # Readers expect 32 bits: a number that has no such form is rounded.
    assert parse(BytesBlob(head({"general.architecture": "llama", "k": 0.1}, []))).metadata["k"] == float(
        np.float32(0.1)
    )
    with pytest.raises(ValueError, match="64 bits"):
        head({"k": 1 << 64}, [])


def _tokenizer_json(**changes: object) -> dict[str, object]:
    said: dict[str, object] = {
        "added_tokens": [
            {"id": 3, "content": "<|end|>", "special": True},
            {"id": 5, "content": "<x>", "special": False},
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
        "post_processor": None,
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]},
    }
    return said | changes


def _model(rows: int, *, ends: tuple[int, ...] = ()) -> ModelFile:
    """Return a model whose embedding has some rows, for a tokenizer beside it."""
    return replace(_huggingface("llama", "token_embd.weight", np.zeros((rows, 32)))[0], end_tokens=ends)


def _keys(said: object, settings: object = None, **model: Any) -> TokenizerKeys:
    config = None if settings is None else BytesBlob(json.dumps(settings).encode())
    return keys_of_tokenizer_json(_model(**{"rows": 6, **model}), BytesBlob(json.dumps(said).encode()), config)


def test_a_tokenizer_json_becomes_keys() -> None:
    found = _keys(_tokenizer_json(), {"eos_token": {"content": "<|end|>"}})
    keys = found.keys
    assert keys["tokenizer.ggml.tokens"] == ["a", "b", "ab", "<|end|>", "[PAD4]", "<x>"]
    assert list(np.array(keys["tokenizer.ggml.token_type"])) == [1, 1, 1, 3, 5, 4]
    assert keys["tokenizer.ggml.merges"] == ["a b"]
    assert keys["tokenizer.ggml.pre"] == "gpt-2"
    assert keys["tokenizer.ggml.eos_token_id"] == 3
    assert found.notes == ()


@pytest.mark.parametrize(("rows", "more"), [(8, ["<x>", "[PAD6]", "[PAD7]"]), (5, []), (4, None)])
def test_there_are_as_many_tokens_as_rows_of_the_embedding(rows: int, more: list[str] | None) -> None:
    """llama.cpp opens no other file; padding is as in its converter, and a token without a row can't be read."""
    keys = _keys(_tokenizer_json(), rows=rows).keys
    assert keys["tokenizer.ggml.tokens"] == ["a", "b", "ab", "<|end|>", *([] if more is None else ["[PAD4]", *more])]
    assert list(np.array(keys["tokenizer.ggml.token_type"])) == [1, 1, 1, 3, 5, 4, 5, 5][:rows]


def test_a_tokenizer_with_more_words_than_the_embedding_has_rows_is_another_models() -> None:
    with pytest.raises(ConversionError, match="another model's"):
        _keys(_tokenizer_json(), rows=2)


def test_a_special_token_without_a_row_is_left_out() -> None:
    assert "tokenizer.ggml.bos_token_id" not in _keys(_tokenizer_json(), {"bos_token": "<x>"}, rows=5).keys


@pytest.mark.parametrize("settings", [{"eos_token": "<|end|>"}, {}])
def test_other_ends_of_a_text_are_kept(settings: dict[str, str]) -> None:
    keys = _keys(_tokenizer_json(), settings, ends=(3, 5, 0)).keys
    assert [keys[f"tokenizer.ggml.{role}_token_id"] for role in ("eos", "eot", "eom")] == [3, 5, 0]


@pytest.mark.parametrize(
    ("pattern", "whole", "pre"),
    [(r"\p{N}{1,3}", True, "llama-bpe"), (r"\p{N}{1,3}", False, "smaug-bpe"), (r"\p{N}", False, "qwen2")],
)
def test_a_pre_tokenizer_gets_ggufs_name(pattern: str, whole: bool, pre: str) -> None:
    """The expressions are those of Llama 3's and Qwen2's tokenizer.json; Qwen's asks for NFC too."""
    regex = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
        + pattern
        + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    split = {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    said = _tokenizer_json(
        pre_tokenizer={"type": "Sequence", "pretokenizers": [split, byte_level]}, normalizer={"type": "NFC"}
    )
    assert isinstance(said["model"], dict)
    said["model"]["ignore_merges"] = whole
    found = _keys(said)
    assert found.keys["tokenizer.ggml.pre"] == pre
    assert len(found.notes) == 1
    assert "NFC" in found.notes[0]


def test_a_folder_with_padding_a_normal_form_and_a_template_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = json.loads(GOLDEN.read_text(encoding="utf-8"))["families"]["qwen3"]
    (tmp_path / "model.safetensors").write_bytes(safetensors(weights("qwen3", made["shapes"])))
    (tmp_path / "config.json").write_text(json.dumps(FAMILY_CONFIGS["qwen3"]))
    (tmp_path / "tokenizer.json").write_text(json.dumps(_tokenizer_json(normalizer={"type": "NFC"})))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "old"}))
    (tmp_path / "chat_template.jinja").write_text("new")
    out = tmp_path / "out" / "qwen.gguf"
    out.parent.mkdir()
    assert main(["convert", str(tmp_path), str(out), "--type", "f16"]) == 0
    assert "NFC" in capsys.readouterr().out
    written = parse(FileBlob(out))
    tokenizer = from_model(written)
    assert tokenizer.vocab_size == written.tensors["token_embd.weight"].shape[0] > 6
    assert tokenizer.encode("[PAD4]ab") == [2]  # a filler is never looked for, and its letters are no tokens
    assert written.text("tokenizer.chat_template") == "new"


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"model": {"type": "Unigram", "vocab": []}}, "Unigram"),
        ({"pre_tokenizer": {"type": "Metaspace"}}, "Metaspace"),
        ({"normalizer": {"type": "NFKC"}}, "normalizer, NFKC"),
        ({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]}}, "Lowercase"),
        (
            {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "ignore_merges": True}},
            "GGUF has no name",
        ),
        ({"model": {"type": "BPE", "vocab": {"a": 1 << 40}, "merges": []}}, "another model's"),
        ({"model": {"type": "BPE", "vocab": {"a": "b"}, "merges": []}}, "structure"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}}, "structure"),
        ({"model": 5}, "structure"),
        ({"added_tokens": [{}]}, "structure"),
    ],
)
def test_a_tokenizer_json_that_gguf_cannot_say(changes: dict[str, object], names: str) -> None:
    with pytest.raises(ConversionError, match=names):
        _keys(_tokenizer_json(**changes))


def test_the_converted_model_runs(tmp_path: Path) -> None:
    source, out = BytesBlob(tiny_gguf("F32"), "tiny.gguf"), tmp_path / "out.gguf"
    convert(parse(source), [source], out, "Q8_0")
    assert open_local(out, backend="numpy").file.architecture == "llama"
