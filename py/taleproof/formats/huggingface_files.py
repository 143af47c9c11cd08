"""A model as Hugging Face keeps it: config.json, and weights as safetensors in one file or in several with an index.

In come all files of the model, each told by its name; out goes one ModelFile with GGUF's keys and names. Refused: a
config.json that is missing, tensors that stand twice or that no network of this type has, and shards that the index
names and that are not there. Files that say nothing of the weights, such as tokenizer.json, are for others to read.
"""

from collections.abc import Sequence

from ..errors import FormatError
from ..reader import Blob
from .huggingface import translate
from .json_text import read_object
from .model_file import ModelFile, Part, TensorInfo
from .safetensors import implied_header, read_tensors


SUFFIX = ".safetensors"
CONFIG = "config.json"
INDEX = ".safetensors.index.json"
TOKENIZER_CONFIG = "tokenizer_config.json"

MAX_CONFIG = 1 << 20
MAX_INDEX = 2_000_000


def is_weights(blob: Blob) -> bool:
    """Return whether a file holds weights: by its name, or by its first bytes."""
    return blob.name.lower().endswith(SUFFIX) or implied_header(blob) is not None


def join_files(blobs: Sequence[Blob]) -> ModelFile:
    """Parse all files of one model.

    Raises
    ------
    FormatError : or one of its kinds, whatever the bytes are; nothing else.
    """
    weights = [blob for blob in blobs if is_weights(blob)]
    named = {blob.name: blob for blob in blobs}
    first = weights[0].name
    if CONFIG not in named:
        why = f"weights in safetensors need the model's {CONFIG} beside them, which says what network they make"
        raise FormatError(first, CONFIG, None, None, why)
    config = read_object(_whole(named[CONFIG]), CONFIG, "content", MAX_CONFIG)
    translation = translate(config, CONFIG)
    tensors: dict[str, TensorInfo] = {}
    for part, blob in enumerate(weights):
        for name, info in read_tensors(blob, part, translation.tensor).items():
            if name in tensors:
                raise FormatError(blob.name, "name", name, info.offset, "there are two tensors of this name")
            tensors[name] = info
    for blob in blobs:
        if blob.name.endswith(INDEX):
            _check_index(blob, {blob.name for blob in weights})
    metadata = dict(translation.metadata)
    if TOKENIZER_CONFIG in named:
        words = read_object(_whole(named[TOKENIZER_CONFIG]), TOKENIZER_CONFIG, "content", MAX_CONFIG)
        if isinstance(words.get("chat_template"), str):
            metadata["tokenizer.chat_template"] = words["chat_template"]
    return ModelFile(
        first,
        "safetensors",
        translation.architecture,
        metadata,
        tensors,
        sum(blob.size for blob in weights),
        tuple(Part(blob.name, blob.size) for blob in weights),
    )


def _check_index(blob: Blob, present: set[str]) -> None:
    files = read_object(_whole(blob), blob.name, "content", MAX_INDEX).get("weight_map")
    if not isinstance(files, dict) or not all(isinstance(file, str) for file in files.values()):
        raise FormatError(blob.name, "weight_map", None, None, "the file of each tensor is expected")
    missing = sorted(set(files.values()) - present)
    if missing:
        raise FormatError(blob.name, "weight_map", missing[0], None, "this file of the model is missing")


def _whole(blob: Blob) -> bytes | memoryview:
    return blob.read(0, min(blob.size, MAX_INDEX + 1))
