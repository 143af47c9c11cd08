# SPDX-License-Identifier: Apache-2.0
"""A model as Hugging Face keeps it: config.json, and weights as safetensors in one file or in several with an index.

In come all files of the model, each known by its name; out goes one ModelFile with GGUF's keys and names. Refused: a
config.json that is missing, tensors that stand twice or that no network of this type has, and shards that the index
names and that are not there. Files that say nothing of the weights, such as tokenizer.json, are for others to read.
"""

from collections.abc import Sequence

from taleproof.errors import FormatError
from taleproof.formats.huggingface import Translate
from taleproof.formats.huggingface.beside import MAX_CONFIG, chat_template, end_tokens, pooling
from taleproof.formats.model_file import CHAT_TEMPLATE_KEY, ModelFile, Part, TensorInfo
from taleproof.formats.safetensors import implied_header, read_tensors
from taleproof.io.json_text import read_object
from taleproof.io.model_files import CONFIG_JSON
from taleproof.io.reader import Blob


SUFFIX = ".safetensors"
INDEX = ".safetensors.index.json"

MAX_INDEX = 2_000_000


def is_weights(blob: Blob) -> bool:
    """Return whether a file holds weights: by its name, or by its first bytes."""
    return blob.name.lower().endswith(SUFFIX) or implied_header(blob) is not None


def config_missing(weights: str) -> FormatError:
    """Return the error for weights that come alone."""
    why = f"weights in safetensors need the model's {CONFIG_JSON} beside them, which says what network they make"
    return FormatError(weights, CONFIG_JSON, None, None, why)


def join_files(blobs: Sequence[Blob], translate: Translate) -> ModelFile:
    """Parse all files of one model.

    Parameters
    ----------
    translate : puts its config.json into GGUF's words.

    Raises
    ------
    FormatError : or one of its kinds, whatever the bytes are; nothing else.
    """
    named = {blob.name: blob for blob in blobs}
    weights = _indexed([blob for blob in blobs if is_weights(blob)], blobs)
    first = weights[0].name
    if CONFIG_JSON not in named:
        raise config_missing(first)
    config = read_object(_whole(named[CONFIG_JSON]), CONFIG_JSON, "content", MAX_CONFIG)
    translation = translate(config, CONFIG_JSON)
    tensors: dict[str, TensorInfo] = {}
    for part, blob in enumerate(weights):
        for name, info in read_tensors(blob, part, translation.tensor).items():
            if name in tensors:
                raise FormatError(blob.name, "name", name, info.offset, "there are two tensors of this name")
            tensors[name] = info
    metadata = dict(translation.metadata)
    template, pooled = chat_template(named), pooling(named)
    if template is not None:
        metadata[CHAT_TEMPLATE_KEY] = template
    if pooled is not None:
        metadata[f"{translation.architecture}.pooling_type"] = pooled
    return ModelFile(
        first,
        "safetensors",
        translation.architecture,
        metadata,
        tensors,
        sum(blob.size for blob in weights),
        tuple(Part(blob.name, blob.size) for blob in weights),
        end_tokens(named, config, CONFIG_JSON),
    )


def _indexed(weights: list[Blob], blobs: Sequence[Blob]) -> list[Blob]:
    """Return the files with weights, of those the ones that an index names where there is one."""
    for blob in blobs:
        if blob.name.endswith(INDEX):
            named = _files_of(blob)
            missing = sorted(named - {each.name for each in weights})
            if missing:
                raise FormatError(blob.name, "weight_map", missing[0], None, "this file of the model is missing")
            return [each for each in weights if each.name in named]
    return weights


def _files_of(blob: Blob) -> set[str]:
    files = read_object(_whole(blob), blob.name, "content", MAX_INDEX).get("weight_map")
    if not isinstance(files, dict) or not all(isinstance(file, str) for file in files.values()):
        raise FormatError(blob.name, "weight_map", None, None, "the file of each tensor is expected")
    if not files:
        raise FormatError(blob.name, "weight_map", None, None, "it names no file")
    return set(files.values())


def _whole(blob: Blob) -> bytes | memoryview:
    return blob.read(0, min(blob.size, MAX_INDEX + 1))
