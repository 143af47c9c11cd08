# SPDX-License-Identifier: Apache-2.0
"""GGML's files from before GGUF: every version and type, against old versions of ggml.c and llama.cpp's vocabulary."""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from fixtures.ggml_writer import SHAPE, TYPES, VERSIONS, tiny_ggml
from fixtures.gguf_writer import Tensor, write
from fixtures.tiny import llama_vocabulary
from taleproof.apps.cli.main import main
from taleproof.apps.convert import convert
from taleproof.errors import FormatError, MissingTensorError, UnknownBlockTypeError, UnsupportedVersionError
from taleproof.formats import ModelFile, parse, tensor_f32
from taleproof.formats.ggml import vocabulary_keys
from taleproof.formats.model_file import Value
from taleproof.io.reader import BytesBlob, FileBlob
from taleproof.quant import BlockType, legacy
from taleproof.tasks.engine import open_numpy
from taleproof.tokenizers import Tokenizer, from_model


FIXTURES = Path(__file__).parents[1] / "fixtures"
GOLDEN = json.loads((FIXTURES / "ggml_golden.json").read_text(encoding="utf-8"))
LEGACY = {kind.name: kind for kind in vars(legacy).values() if isinstance(kind, BlockType)}
CASES = [(version, number) for version, types in TYPES.items() for number in types]
PROMPT = [1, 260, 270, 5]


@pytest.mark.parametrize("name", LEGACY)
def test_old_blocks_decode_as_the_ggml_of_their_time_did(name: str) -> None:
    kind, golden = LEGACY[name], GOLDEN[name]
    blocks = np.frombuffer(bytes.fromhex(golden["blocks"]), np.uint8).reshape(-1, kind.nbytes)
    assert kind.decode(blocks).tobytes() == bytes.fromhex(golden["floats"])


@pytest.mark.parametrize("number", GOLDEN["candle"])
def test_candle_reads_the_same_from_the_newest_version(number: str) -> None:
    blob, candle = BytesBlob(tiny_ggml("ggjt 3", int(number)), "tiny.bin"), GOLDEN["candle"][number]
    file = parse(blob)
    digest = hashlib.sha256()
    for info in file.tensors.values():
        digest.update(tensor_f32(blob, info).astype("<f4").tobytes())
    assert digest.hexdigest() == candle["sha256"]
    header = candle["header"]
    assert file.integer("llama.vocab_size") == header["n_vocab"]
    assert file.integer("llama.embedding_length") == header["n_embd"]
    assert file.integer("llama.attention.head_count") == header["n_head"]
    assert file.integer("llama.block_count") == header["n_layer"]
    assert file.integer("llama.rope.dimension_count") == header["n_rot"]
    pieces = file.texts("tokenizer.ggml.tokens")
    assert [piece.replace("▁", " ") for piece in pieces[259:]] == candle["tokens"][259:]


@pytest.mark.parametrize(("version", "number"), CASES)
def test_a_model_in_every_version_and_type_is_the_one_that_gguf_keeps(version: str, number: int) -> None:
    blob = BytesBlob(tiny_ggml(version, number), "tiny.bin")
    file = parse(blob)
    kind, revision = VERSIONS[version]
    assert file.format == (f"{kind} v{revision}" if revision else kind)
    expected = TYPES[version][number]
    assert file.tensors["output.weight"].type.name == (expected if isinstance(expected, str) else expected.name)
    tensors = [
        Tensor(name, 0, info.shape, tensor_f32(blob, info).astype("<f4").tobytes())
        for name, info in file.tensors.items()
    ]
    keys = {key: value for key, value in file.metadata.items() if key.startswith(("general", "llama"))}
    gguf = BytesBlob(write(keys, tensors), "tiny.gguf")
    logits = open_numpy([blob], file).session().forward(PROMPT, logits="all")
    same = open_numpy([gguf], parse(gguf)).session().forward(PROMPT, logits="all")
    assert logits is not None
    assert same is not None
    assert logits.std() > 0.3
    assert logits.tobytes() == same.tobytes()


def test_what_the_file_says_and_what_its_tensors_tell() -> None:
    file = parse(BytesBlob(tiny_ggml("ggml"), "tiny.bin"))
    assert file.integer("llama.feed_forward_length") == SHAPE.hidden
    assert file.integer("llama.attention.head_count_kv") == SHAPE.kv_heads
    assert file.integer("llama.block_count") == SHAPE.layers
    assert file.integer("llama.rope.dimension_count") == SHAPE.dim // SHAPE.heads


@pytest.mark.parametrize("version", VERSIONS)
def test_the_vocabulary_is_sentencepieces(version: str) -> None:
    tokenizer = from_model(parse(BytesBlob(tiny_ggml(version), "tiny.bin")))
    text = "on the sea and in the sea, ünd: a  b"
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert ids == from_model(parse(BytesBlob(tiny_ggml("ggjt 3"), "tiny.bin"))).encode(text)
    assert ids[0] == llama_vocabulary().bos


def real_vocabulary(**keys: Value) -> Tokenizer:
    """Return the tokenizer of llama.cpp's own file for tests, which has LLaMA's 32,000 tokens and nothing else."""
    said = vocabulary_keys(FileBlob(FIXTURES / "ggml-vocab.bin"))
    return from_model(ModelFile("ggml-vocab.bin", "ggjt v1", "llama", {**said, **keys}, {}, 0))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Hello World", [10994, 2787]),
        (" Hello World", [15043, 2787]),
        (" Hello World!", [15043, 2787, 29991]),
        (" this is \N{LLAMA}.cpp", [445, 338, 29871, 243, 162, 169, 156, 29889, 8223]),
        ("w048 7tuijk dsdfhu", [29893, 29900, 29946, 29947, 29871, 29955, 9161, 13535, 18031, 2176, 6905]),
        ("нещо на Български", [821, 4851, 665, 1386, 29713, 1305]),
    ],
)
def test_llamas_vocabulary_gives_the_ids_that_llama_cpps_own_test_expects(text: str, ids: list[int]) -> None:
    tokenizer = real_vocabulary(**{"tokenizer.ggml.add_space_prefix": False})
    assert tokenizer.encode(text) == [1, *ids]


def test_ranks_stand_in_for_scores_that_the_first_version_lacks() -> None:
    text = (FIXTURES / "alice.txt").read_text(encoding="utf-8")[:20_000]
    ranks = -np.arange(32_000, dtype="<f4")
    assert real_vocabulary(**{"tokenizer.ggml.scores": ranks}).encode(text) == real_vocabulary().encode(text)


def test_a_story_from_the_command_line_and_as_gguf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "tiny.bin", tmp_path / "tiny.gguf"
    path.write_bytes(tiny_ggml("ggjt 1", 3))
    write_on = ["--prompt", "the sea", "--max-tokens", "8", "--temperature", "1", "--seed", "5", "--backend", "numpy"]
    assert main(["generate", str(path), *write_on]) == 0
    story = capsys.readouterr().out
    assert len(story) > len("the sea")
    assert main(["convert", str(path), str(out), "--type", "f32"]) == 0
    capsys.readouterr()
    assert main(["generate", str(out), *write_on]) == 0
    assert capsys.readouterr().out == story


def test_a_conversion_keeps_what_todays_types_can_hold(tmp_path: Path) -> None:
    blob, out = BytesBlob(tiny_ggml("ggjt 2", 6), "tiny.bin"), tmp_path / "tiny.gguf"
    convert(parse(blob), [blob], out, "Q5_0")
    before, after = parse(blob).tensors["output.weight"], parse(FileBlob(out)).tensors["output.weight"]
    assert blob.read(before.offset, before.nbytes) == FileBlob(out).read(after.offset, after.nbytes)


def test_versions_and_types_that_never_were_are_refused() -> None:
    good = tiny_ggml("ggjt 3")
    with pytest.raises(UnsupportedVersionError, match="1, 2, 3"):
        parse(BytesBlob(good[:4] + struct.pack("<I", 4) + good[8:], "tiny.bin"))
    at = good.index(b"tok_embeddings") - 12  # behind the type come two sizes
    for number in (4, 5, 9, 15, 16, 1 << 31):
        with pytest.raises(UnknownBlockTypeError):
            parse(BytesBlob(good[:at] + struct.pack("<I", number) + good[at + 4 :], "tiny.bin"))


def test_a_vocabulary_alone_is_no_model_and_a_part_of_one_lacks_columns() -> None:
    with pytest.raises(FormatError, match="no layers"):
        parse(FileBlob(FIXTURES / "ggml-vocab.bin"))
    whole = tiny_ggml("ggmf")
    blob = BytesBlob(whole[:12] + struct.pack("<I", 2 * SHAPE.dim) + whole[16:], "part.bin")
    with pytest.raises(MissingTensorError):
        open_numpy([blob], parse(blob))
