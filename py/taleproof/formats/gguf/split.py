# SPDX-License-Identifier: Apache-2.0
"""A GGUF model in several files, NAME-00001-of-00003.gguf and so on, put together.

In come the parsed files in any order; out goes one ModelFile with the first part's metadata and everybody's tensors.
Which part a file is, its own keys say: names can be changed. Refused: parts that are missing, come twice or are of
models with another number of parts, a tensor that two parts have, and another number of tensors than is announced.

Source: https://github.com/ggml-org/llama.cpp/tree/master/tools/gguf-split
"""

from collections.abc import Sequence
from dataclasses import replace

from taleproof.errors import MissingPartError
from taleproof.formats.model_file import ModelFile, Part, TensorInfo


NUMBER, COUNT, TENSORS = "split.no", "split.count", "split.tensors.count"
MAX_PARTS = 1 << 10


def part_number(file: ModelFile) -> int:
    """Return which part a file is, from 0 on; 0 for a model in one file."""
    number = file.integer(NUMBER, 0)
    if not 0 <= number < max(_part_count(file), 1):
        raise file.fail(NUMBER, number, f"there are {_part_count(file)} parts, counted from 0")
    return number


def _part_count(file: ModelFile) -> int:
    count = file.integer(COUNT, 1)
    if not 0 <= count <= MAX_PARTS:
        raise file.fail(COUNT, count, f"a model has at most {MAX_PARTS:,} parts")
    return max(count, 1)


def join(files: Sequence[ModelFile]) -> ModelFile:
    """Put the parts of one model together; TensorInfo.part counts ``files`` as they come.

    Raises
    ------
    MissingPartError, FormatError
    """
    numbers: dict[int, ModelFile] = {}
    count = _part_count(files[0])
    for file in files:
        number = part_number(file)
        if _part_count(file) != count:
            raise file.fail(COUNT, _part_count(file), f"{files[0].name} is of a model with {count}")
        if number in numbers:
            raise file.fail(NUMBER, number, f"{numbers[number].name} is this part already")
        numbers[number] = file
    for number in range(count):
        if number not in numbers:
            raise MissingPartError(files[0].name, number + 1, count)
    first = numbers[0]
    if count == 1:
        return first
    tensors = _all_tensors(files)
    announced = first.integer(TENSORS, len(tensors))
    if announced != len(tensors):
        raise first.fail(TENSORS, announced, f"the parts have {len(tensors):,} tensors together")
    parts = tuple(Part(file.name, file.size) for file in files)
    return replace(first, tensors=tensors, size=sum(part.size for part in parts), split=parts)


def _all_tensors(files: Sequence[ModelFile]) -> dict[str, TensorInfo]:
    tensors: dict[str, TensorInfo] = {}
    for part, file in enumerate(files):
        for name, info in file.tensors.items():
            if name in tensors:
                raise file.fail("name of a tensor", name, f"{files[tensors[name].part].name} has it already")
            tensors[name] = replace(info, part=part)
    return tensors
