# SPDX-License-Identifier: Apache-2.0
"""llama2.c's files: three versions, tied and untied, grouped heads, and one test for each thing that is refused."""

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.make import GROUP, SHAPE, tiny_llama2c
from fixtures.tiny import Shape, weights
from taleproof.errors import (
    ExtendedFileError,
    FormatError,
    TruncatedFileError,
    UnknownFormatError,
    UnsupportedVersionError,
)
from taleproof.formats import ModelFile, llama2c, parse, tensor_f32
from taleproof.io.reader import BytesBlob, FileBlob


FIXTURES = Path(__file__).parents[1] / "fixtures"
DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCAB, CONTEXT = range(7)


def parsed(data: bytes) -> ModelFile:
    return parse(BytesBlob(data, "model.bin"))


def with_number(version: int, index: int, number: int) -> bytes:
    """Return a good file in which one of the header's numbers is another."""
    data = bytearray(tiny_llama2c(version))
    struct.pack_into("<i", data, (8 if version else 0) + 4 * index, number)
    return bytes(data)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("version", [0, 1, 2])
def test_every_tensor_of_every_version(version: int, tied: bool) -> None:
    data = tiny_llama2c(version, tied=tied)
    file = parsed(data)
    assert (file.format, file.architecture, file.size) == (f"llama2.c v{version}", "llama", len(data))
    expected = weights(SHAPE, tied=tied)
    assert file.tensors.keys() == expected.keys()
    for name, array in expected.items():
        info = file.tensors[name]
        assert info.shape == array.shape
        decoded = tensor_f32(BytesBlob(data), info)
        if version < 2 or array.ndim == 1:
            assert info.type.name == "F32"
            assert np.array_equal(decoded, array)
        else:
            assert info.type.name == f"Q8_GROUP{GROUP}"
            assert info.scales_offset == info.offset + array.size
            steps = np.abs(array.reshape(-1, GROUP)).max(axis=1, keepdims=True) / 127
            assert (np.abs(decoded - array).reshape(-1, GROUP) <= 0.5001 * steps).all()


@pytest.mark.parametrize("version", [0, 1, 2])
def test_tensors_do_not_overlap_and_end_with_the_file(version: int) -> None:
    data = tiny_llama2c(version, tied=False)
    spans = sorted((info.offset, info.offset + info.nbytes) for info in parsed(data).tensors.values())
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert spans[-1][1] == len(data)


def test_the_keys_are_those_of_gguf() -> None:
    file = parsed(tiny_llama2c(1))
    assert file.integer("llama.embedding_length") == SHAPE.dim
    assert file.integer("llama.feed_forward_length") == SHAPE.hidden
    assert file.integer("llama.block_count") == SHAPE.layers
    assert file.integer("llama.attention.head_count") == SHAPE.heads
    assert file.integer("llama.attention.head_count_kv") == SHAPE.kv_heads
    assert file.integer("llama.vocab_size") == SHAPE.vocabulary
    assert file.integer("llama.context_length") == SHAPE.context
    assert file.integer("llama.rope.dimension_count") == SHAPE.dim // SHAPE.heads
    assert file.f32("llama.rope.freq_base", 1, 1e6) == 10000.0
    assert file.f32("llama.attention.layer_norm_rms_epsilon", 0, 1) == 1e-5
    assert file.text("tokenizer.ggml.model", None) is None


def test_stories260k() -> None:
    file = parse(FileBlob(FIXTURES / "stories260K.bin"))
    assert file.format == "llama2.c v0"
    assert file.tensors["blk.4.attn_k.weight"].shape == (32, 64)
    assert "output.weight" not in file.tensors
    assert sum(info.elements for info in file.tensors.values()) == 260_032


@settings(max_examples=25, deadline=None)
@given(
    version=st.integers(0, 2),
    tied=st.booleans(),
    head_size=st.sampled_from([2, 8]),
    kv_heads=st.integers(1, 3),
    group=st.integers(1, 2),
    layers=st.integers(1, 3),
    vocabulary=st.integers(1, 40),
)
def test_models_of_any_shape(
    version: int, tied: bool, head_size: int, kv_heads: int, group: int, layers: int, vocabulary: int
) -> None:
    heads = kv_heads * group
    # Version 2 needs whole groups of 64 in every matrix.
    dim = heads * (64 if version == 2 else head_size)
    shape = Shape(dim, 64, layers, heads, kv_heads, vocabulary, context=5)
    file = parsed(tiny_llama2c.__wrapped__(version, tied=tied, shape=shape))
    expected = weights(shape, tied=tied)
    assert {name: info.shape for name, info in file.tensors.items()} == {
        name: array.shape for name, array in expected.items()
    }


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("index", "number"),
    [
        *((index, number) for index in range(7) for number in (0, -1, llama2c.MAX_SIZE + 1)),
        (LAYERS, llama2c.MAX_LAYERS + 1),
        (HEADS, 3),  # does not divide dim
        (HEADS, 256),  # heads of one weight: no pair to rotate
        (KV_HEADS, 3),  # does not divide the heads
    ],
)
def test_numbers_that_cannot_be_right(version: int, index: int, number: int) -> None:
    with pytest.raises(FormatError) as caught:
        parsed(with_number(version, index, number))
    assert type(caught.value) is FormatError
    assert caught.value.details["offset"] in (8 + 4 * HEADS, 8 + 4 * index)
    with pytest.raises(UnknownFormatError):
        parsed(with_number(0, index, number if index != VOCAB else 0))


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_another_size(version: int) -> None:
    data = tiny_llama2c(version)
    with pytest.raises(TruncatedFileError, match=f"{len(data):,} bytes"):
        parsed(data[:-1])
    with pytest.raises(TruncatedFileError, match="header"):
        parsed(data[:100])
    with pytest.raises(ExtendedFileError, match=f"{len(data):,} bytes"):
        parsed(data + b"x")


@pytest.mark.parametrize("change", [-1, 1])
def test_version_0_is_recognised_only_by_its_exact_size(change: int) -> None:
    data = tiny_llama2c(0)
    with pytest.raises(UnknownFormatError, match=f"it would have {len(data):,} bytes"):
        parsed(data[:change] if change < 0 else data + b"x")


@pytest.mark.parametrize("version", [0, 3, -1])
def test_other_versions(version: int) -> None:
    data = bytearray(tiny_llama2c(1))
    struct.pack_into("<i", data, 4, version)
    with pytest.raises(UnsupportedVersionError, match="versions 0, 1 and 2"):
        parsed(bytes(data))


def test_a_truth_value_of_2() -> None:
    data = bytearray(tiny_llama2c(1))
    data[8 + 28] = 2
    with pytest.raises(FormatError, match="shared_classifier"):
        parsed(bytes(data))


@pytest.mark.parametrize("size", [0, -64, 7, llama2c.MAX_SIZE + 1])
def test_groups_that_do_not_divide(size: int) -> None:
    data = bytearray(tiny_llama2c(2))
    struct.pack_into("<i", data, 8 + 28 + 1, size)
    with pytest.raises(FormatError, match="group_size"):
        parsed(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", llama2c.MAGIC, llama2c.MAGIC + struct.pack("<i", 2)]))
def test_any_bytes_are_read_or_refused_in_words(data: bytes, start: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        parsed(start + data)
    assert caught.value.message
