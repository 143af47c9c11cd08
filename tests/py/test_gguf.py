# SPDX-License-Identifier: Apache-2.0
"""GGUF: what is read. What is refused is in test_gguf_refused.py."""

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from gguf.constants import GGUFEndian, GGUFValueType
from gguf.gguf_writer import GGUFWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.gguf_writer import Layout, Tensor, table_row, write
from fixtures.make import SHAPE, TYPE_NAMES, tiny_gguf
from fixtures.quantise import encode
from fixtures.tiny import weights
from taleproof.errors import FormatError, UnknownSettingError
from taleproof.formats import ModelFile, parse, tensor_f32
from taleproof.io.reader import BytesBlob
from taleproof.quant import BLOCK_TYPES


F32 = 0
LLAMA: dict[str, Any] = {"general.architecture": "llama"}
ROW = bytes(4 * 8)  # a tensor of 8 weights in F32


def parsed(data: bytes) -> ModelFile:
    return parse(BytesBlob(data, "model.gguf"))


def with_tensors(*tensors: Tensor, **keys: Any) -> bytes:
    return write(LLAMA | {f"general.{key}": value for key, value in keys.items()}, tensors)


FORMATS = {
    Layout(1): "GGUF v1",
    Layout(2): "GGUF v2",
    Layout(3): "GGUF v3",
    Layout(3, big_endian=True): "GGUF v3, big-endian",
}
every_layout = pytest.mark.parametrize("layout", FORMATS, ids=FORMATS.values())

NUMBERS = ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8", "?")


# ---- what is read ----


@pytest.mark.parametrize(
    ("type_name", "layout"), [*((name, Layout(3)) for name in TYPE_NAMES), *(("Q4_K", layout) for layout in FORMATS)]
)
def test_a_model_in_every_block_type(type_name: str, layout: Layout) -> None:
    data = tiny_gguf(type_name, layout=layout, tied=False)
    file = parsed(data)
    assert (file.format, file.architecture, file.size) == (FORMATS[layout], "llama", len(data))
    expected = weights(SHAPE, tied=False)
    assert list(file.tensors) == list(expected)
    for name, array in expected.items():
        info = file.tensors[name]
        assert (info.name, info.shape) == (name, array.shape)
        stored_as = type_name if array.ndim > 1 else "F32"
        assert info.type is BLOCK_TYPES[stored_as]
        decoded = tensor_f32(BytesBlob(data), info)
        blocks = encode(stored_as, array)
        assert np.array_equal(decoded, info.type.decode(blocks).reshape(array.shape))


@every_layout
def test_metadata_of_every_type(layout: Layout) -> None:
    metadata: dict[str, Any] = LLAMA | {
        "u8": np.uint8(200),
        "i8": np.int8(-100),
        "u16": np.uint16(60000),
        "i16": np.int16(-30000),
        "u32": np.uint32(4_000_000_000),
        "i32": np.int32(-2_000_000_000),
        "u64": np.uint64(2**64 - 1),
        "i64": np.int64(-(2**63)),
        "f32": np.float32(0.1),
        "f64": np.float64(0.1),
        "yes": True,
        "no": False,
        "text": "naïve 🙂",
        "texts": ["", "a", "日本"],
        "none": [],
    }
    file = parsed(write(metadata, [], layout))
    assert dict(file.metadata) == {
        key: value.item() if isinstance(value, np.generic) else value for key, value in metadata.items()
    }
    assert file.integer("u64") == 2**64 - 1
    assert file.flag("yes") is True
    assert file.texts("texts") == ["", "a", "日本"]


@every_layout
def test_arrays_of_numbers_are_arrays_of_their_type(layout: Layout) -> None:
    arrays = [np.arange(5).astype(dtype) for dtype in NUMBERS]
    file = parsed(write(LLAMA | {f"a{i}": array for i, array in enumerate(arrays)}, [], layout))
    for i, array in enumerate(arrays):
        assert_same_array(file.numbers(f"a{i}"), array)


def assert_same_array(found: Any, array: Any) -> None:
    assert found.dtype == array.dtype
    assert found.flags.writeable is False
    assert np.array_equal(found, array)


@every_layout
def test_arrays_of_texts_in_arrays(layout: Layout) -> None:
    nested = [["a"], ["b", "c"], []]
    deep = [[["a"], []], [["b", "c"]]]
    file = parsed(write(LLAMA | {"nested": nested, "deep": deep}, [], layout))
    assert (file.metadata["nested"], file.metadata["deep"]) == (nested, deep)


@every_layout
@pytest.mark.parametrize("dtype", NUMBERS)
def test_arrays_of_numbers_in_arrays(dtype: str, layout: Layout) -> None:
    arrays = [np.arange(count).astype(dtype) for count in (3, 0, 1)]
    found = parsed(write(LLAMA | {"nested": [arrays, arrays[:1]], "after": "text"}, [], layout)).metadata
    assert found["after"] == "text"
    assert isinstance(found["nested"], list)
    assert [len(inner) for inner in found["nested"]] == [3, 1]
    for inner in found["nested"]:
        for array, expected in zip(inner, arrays, strict=False):
            assert_same_array(array, expected)


@every_layout
def test_tensors_in_any_order(layout: Layout) -> None:
    data = [layout.numbers(np.arange(start, start + 8, dtype="<f4")) for start in (0, 8, 16)]
    written = [
        Tensor("c", F32, (8,), data[0], 64),
        Tensor("a", F32, (8,), data[1], 0),
        Tensor("b", F32, (8,), data[2], 32),
    ]
    blob = BytesBlob(write(LLAMA, written, layout))
    file = parse(blob)
    assert list(file.tensors) == ["c", "a", "b"]
    assert [tensor_f32(blob, file.tensors[name])[0] for name in "cab"] == [16, 0, 8]


def test_a_big_endian_file_of_the_gguf_package(tmp_path: Any) -> None:
    path = tmp_path / "theirs.gguf"
    theirs = GGUFWriter(path, "llama", endianess=GGUFEndian.BIG)
    theirs.add_uint32("llama.block_count", 3)
    theirs.add_array("tokenizer.ggml.tokens", ["a", "b"])
    theirs.add_key_value("tokenizer.ggml.scores", [0.5, -1.0], GGUFValueType.ARRAY, GGUFValueType.FLOAT32)
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    theirs.add_tensor("output.weight", matrix.copy())  # which the package turns around where it lies
    theirs.add_tensor("half", matrix.astype(np.float16))
    theirs.write_header_to_file()
    theirs.write_kv_data_to_file()
    theirs.write_tensors_to_file()
    theirs.close()
    data = path.read_bytes()
    file = parsed(data)
    assert file.format == "GGUF v3, big-endian"
    assert file.integer("llama.block_count") == 3
    assert file.texts("tokenizer.ggml.tokens") == ["a", "b"]
    assert file.numbers("tokenizer.ggml.scores").tolist() == [0.5, -1.0]
    for name in ("output.weight", "half"):
        assert np.array_equal(tensor_f32(BytesBlob(data), file.tensors[name]), matrix)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=20).filter(
            lambda key: key.isprintable() and not key.startswith(("general.", "split."))
        ),
        st.one_of(
            st.text(max_size=50),
            st.booleans(),
            st.integers(0, 2**32 - 1),
            st.floats(width=32, allow_nan=False),
            st.lists(st.text(max_size=10), max_size=20),
        ),
        max_size=20,
    )
)
def test_metadata_round_trip(metadata: dict[str, Any]) -> None:
    metadata = metadata | LLAMA
    assert dict(parsed(write(metadata, [])).metadata) == metadata


def test_a_file_of_the_gguf_package(tmp_path: Any) -> None:
    path = tmp_path / "theirs.gguf"
    theirs = GGUFWriter(path, "llama")
    theirs.add_uint32("llama.block_count", 3)
    theirs.add_array("tokenizer.ggml.tokens", ["a", "b"])
    theirs.add_key_value("tokenizer.ggml.scores", [0.5, -1.0], GGUFValueType.ARRAY, GGUFValueType.FLOAT32)
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    theirs.add_tensor("output.weight", matrix)
    theirs.write_header_to_file()
    theirs.write_kv_data_to_file()
    theirs.write_tensors_to_file()
    theirs.close()
    data = path.read_bytes()
    file = parsed(data)
    assert file.integer("llama.block_count") == 3
    assert file.texts("tokenizer.ggml.tokens") == ["a", "b"]
    assert file.numbers("tokenizer.ggml.scores").tolist() == [0.5, -1.0]
    assert np.array_equal(tensor_f32(BytesBlob(data), file.tensors["output.weight"]), matrix)


def test_another_alignment() -> None:
    tensors = [Tensor("a", F32, (8,), ROW), Tensor("b", F32, (2, 4), ROW)]
    file = parsed(with_tensors(*tensors, alignment=4096))
    assert [info.offset % 4096 for info in file.tensors.values()] == [0, 0]
    assert file.tensors["b"].shape == (2, 4)


def test_a_vocabulary_of_49152_tokens_is_read_in_a_moment() -> None:
    tokens = [f"token{i}" for i in range(49152)]
    merges = [f"left{i} right{i}" for i in range(48900)]
    data = write(LLAMA | {"tokens": tokens, "merges": merges, "scores": np.zeros(49152, "<f4")}, [])
    times = []
    for _ in range(3):
        start = time.perf_counter()
        file = parsed(data)
        times.append(time.perf_counter() - start)
    assert file.texts("tokens") == tokens
    assert file.texts("merges") == merges
    assert min(times) < 1.0  # 0.06 s on the machine where this was written; room for a busy one


@pytest.mark.parametrize("broken", [[7], [0], [49151], range(0, 49152, 2), range(49152)])
def test_tokens_that_are_no_utf8_become_replacement_characters(broken: Iterable[int]) -> None:
    tokens: list[bytes] = [f"token{i}".encode() for i in range(49152)]
    for i in broken:
        tokens[i] = b"\xe6" + tokens[i]
    found = parsed(write(LLAMA | {"tokens": tokens}, [])).texts("tokens")
    assert found == [token.decode("utf-8", "replace") for token in tokens]


# ---- what the getters refuse ----


@pytest.mark.parametrize(
    ("getter", "key", "value"),
    [
        ("integer", "k", "text"),
        ("integer", "k", True),
        ("flag", "k", 1),
        ("text", "k", 1),
        ("texts", "k", "text"),
        ("texts", "k", [["nested"]]),
        ("numbers", "k", ["text"]),
    ],
)
def test_a_key_of_another_type(getter: str, key: str, value: Any) -> None:
    file = parsed(write(LLAMA | {key: value}, []))
    with pytest.raises(FormatError, match="expected"):
        getattr(file, getter)(key)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), "1.0", True, -0.1, 1.1, np.uint64(1 << 60), ["0.5"]]
)
def test_a_number_out_of_its_range(value: Any) -> None:
    file = parsed(write(LLAMA | {"k": value}, []))
    with pytest.raises(FormatError, match="number"):
        file.f32("k", 0.0, 1.0)


@pytest.mark.parametrize("value", [0, 9, np.int32(-1), np.uint64(1 << 63), 2.0, True, "2", ["2"]])
def test_a_count_out_of_its_range(value: Any) -> None:
    file = parsed(write(LLAMA | {"k": value}, []))
    with pytest.raises(FormatError, match="whole number"):
        file.count("k", 1, 8)


def test_a_number_for_each_layer_is_one_where_all_are_equal() -> None:
    file = parsed(write(LLAMA | {"one": 2, "equal": np.array([2, 2, 2], np.int32)}, []))
    assert file.layer_count("one", 1, 8, 3) == file.layer_count("equal", 1, 8, 3) == 2
    assert file.layer_count("none", 1, 8, 3, 5) == 5


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (np.array([2, 2, 1], np.int32), UnknownSettingError),
        (np.array([2, 2], np.int32), FormatError),
        (np.array([9, 9, 9], np.int32), FormatError),
        (np.array([2.0, 2.0, 2.0], np.float32), FormatError),
        (np.array([], np.int32), FormatError),
        (["2", "2", "2"], FormatError),
    ],
)
def test_numbers_for_layers_that_are_not_run(value: Any, kind: type[FormatError]) -> None:
    file = parsed(write(LLAMA | {"k": value}, []))
    with pytest.raises(kind, match=r"number|differ") as refused:
        file.layer_count("k", 1, 8, 3)
    assert type(refused.value) is kind
    assert "array" not in refused.value.message


@pytest.mark.parametrize("getter", ["integer", "flag", "text", "texts", "numbers"])
def test_a_key_that_is_missing(getter: str) -> None:
    file = parsed(write(LLAMA, []))
    with pytest.raises(FormatError, match="needed"):
        getattr(file, getter)("llama.nothing")
    assert getattr(file, getter)("llama.nothing", None) is None


def test_the_row_that_is_written_is_the_row_of_the_specification() -> None:
    """A check of the writer in these tests: the bytes of a row of the tensor table, by hand."""
    row = table_row(Tensor("ab", 2, (3, 64), b""), 96)
    assert row.hex() == "02000000000000006162020000004000000000000000030000000000000002000000" + "6000000000000000"
