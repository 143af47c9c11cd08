# SPDX-License-Identifier: Apache-2.0
"""A GGUF model in several files: put together as one, and refused where the parts are not those of one model."""

from typing import Any

import numpy as np
import pytest

from fixtures.gguf_writer import Tensor, write
from fixtures.make import tiny_gguf
from fixtures.split import tiny_split
from taleproof.errors import FormatError, MissingPartError
from taleproof.formats import ModelFile, parse, tensor_f32
from taleproof.io.reader import BytesBlob
from taleproof.models import parse_files
from taleproof.tasks.engine import open_numpy


def blobs_of(files: dict[str, bytes]) -> list[BytesBlob]:
    return [BytesBlob(data, name) for name, data in files.items()]


def part(number: Any, count: Any, *names: str, **keys: Any) -> bytes:
    tensors = [Tensor(name, 0, (8,), bytes(32)) for name in names]
    first = {"general.architecture": "llama"} if isinstance(number, int) and number == 0 else {}
    return write(first | {"split.no": number, "split.count": count} | keys, tensors)


def joined(*parts: bytes) -> ModelFile:
    return parse_files([BytesBlob(data, f"part{index}.gguf") for index, data in enumerate(parts)])


@pytest.mark.parametrize("empty_first", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_the_parts_together_are_the_model(turned: bool, empty_first: bool) -> None:
    files = tiny_split(3, empty_first=empty_first)
    blobs = blobs_of(files)[:: -1 if turned else 1]
    file, whole = parse_files(blobs), parse(BytesBlob(tiny_gguf()))
    assert (file.name, file.architecture) == ("tiny-00001-of-00003.gguf", "llama")
    assert file.size == sum(map(len, files.values()))
    assert sorted(part.name for part in file.parts) == sorted(files)
    assert set(file.tensors) == set(whole.tensors)
    by_name = {blob.name: blob for blob in blobs}
    for name, info in whole.tensors.items():
        found = file.tensors[name]
        blob = by_name[file.parts[found.part].name]
        assert np.array_equal(tensor_f32(blob, found), tensor_f32(BytesBlob(tiny_gguf()), info))


def test_the_parts_together_write_what_the_whole_writes() -> None:
    blobs = blobs_of(tiny_split(3))
    whole = BytesBlob(tiny_gguf())
    file = parse_files(blobs)
    by_name = {blob.name: blob for blob in blobs}
    ours = open_numpy([by_name[part.name] for part in file.parts], file).session().forward([1, 5, 9])
    theirs = open_numpy([whole], parse(whole)).session().forward([1, 5, 9])
    assert np.array_equal(ours, theirs)


def test_one_part_alone_names_the_one_that_is_missing() -> None:
    first, second = blobs_of(tiny_split(2))
    with pytest.raises(MissingPartError, match=r"part is 2: the model is in 2 files"):
        parse(first)
    with pytest.raises(MissingPartError, match=r"part is 1: the model is in 2 files"):
        parse(second)


@pytest.mark.parametrize(
    "parts",
    [
        (part(0, 2, "a"), part(0, 2, "b")),  # one comes twice
        (part(0, 2, "a"), part(2, 2, "b")),  # counted beyond the count
        (part(0, 2, "a"), part(1, 3, "b")),  # of models with another number of parts
        (part(0, 2, "a"), part(1, 2, "a")),  # the same tensor
        (part(0, 2, "a", **{"split.tensors.count": 3}), part(1, 2, "b")),
        (part(0, 1 << 20, "a"), part(1, 1 << 20, "b")),
        (part(0, 2, "a"), part("1", 2, "b", **{"general.architecture": "llama"})),
        (part(0, 2, "a"), part(np.array([1, 1], "<u2"), 2, "b")),
        (part(0, 1, "a"), part(0, 1, "b")),  # two models
    ],
)
def test_parts_that_do_not_belong_together(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(FormatError):
        joined(*parts)
