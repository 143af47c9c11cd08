# SPDX-License-Identifier: Apache-2.0
"""Which files of a folder are one model: names come in, the names of the files to be loaded go out.

Only names are looked at, so that nothing else of a folder need be read, in a terminal and in a browser alike; what a
file is, its contents say afterwards. Refused: a folder with no model, or with several where none was named.
"""

import re
from collections.abc import Sequence
from pathlib import PurePath

from taleproof.errors import NoModelInFolderError, SeveralModelsError


CONFIG_JSON = "config.json"
TOKENIZER_JSON = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
GENERATION_CONFIG = "generation_config.json"
CHAT_TEMPLATE = "chat_template.jinja"
MODULES = "modules.json"
POOLING = "1_Pooling/config.json"
"""Where sentence-transformers keeps how one vector is made of the tokens' vectors."""

BESIDE_SAFETENSORS = (
    *(CONFIG_JSON, TOKENIZER_JSON, TOKENIZER_CONFIG, GENERATION_CONFIG, CHAT_TEMPLATE),
    *(MODULES, POOLING),
)
"""What Hugging Face's folders have beside the weights, as far as it is used here."""

MAX_SHARDS = 1 << 10

_SHARD = re.compile(r"(.+)-\d{5}-of-(\d{5})(\.gguf|\.safetensors)", re.IGNORECASE)
_INDEX = ".safetensors.index.json"
_TOKENIZER_BIN = re.compile(r"tok.*\.bin", re.IGNORECASE)
_PYTORCH = re.compile(r"(pytorch_model|training_args|optimizer|scheduler).*\.bin", re.IGNORECASE)
_USUAL_STEM = "model"


def is_tokenizer_bin(name: str) -> bool:
    """Return whether a file is called like llama2.c's tokenizer.bin."""
    return _TOKENIZER_BIN.fullmatch(name) is not None


def name_in_folder(path: PurePath) -> str:
    """Return what a file is called within its model: its name, or the pooling's with the folder that it lies in."""
    in_folder = "/".join(path.parts[-2:])
    return in_folder if in_folder == POOLING else path.name


def files_of_model(names: Sequence[str], folder: str, chosen: str | None = None) -> list[str]:
    """Return the files of a model, those with weights first.

    Parameters
    ----------
    names : of all files in the folder.
    chosen : the file that was named, whatever it is called; None where only the folder was.

    Raises
    ------
    NoModelInFolderError, SeveralModelsError
    """
    models = _models(names)
    if chosen is None or chosen in BESIDE_SAFETENSORS:
        stem = _indexed(names, models) or _only(models, folder)
    elif chosen.endswith(_INDEX):
        stem = chosen.removesuffix(_INDEX)
    else:
        stem = next((stem for stem, weights in models.items() if chosen in weights), "")
        if not stem or chosen.lower().endswith(".bin"):
            return [chosen]
    weights = sorted(models.get(stem, ()))
    if not weights and stem + _INDEX in names:  # which says what each file is, whatever its name
        weights = sorted(name for name in names if name.lower().endswith(".safetensors"))
    if not weights:
        raise NoModelInFolderError(folder)
    present = set(names)
    if weights[0].lower().endswith(".safetensors"):
        beside = [*BESIDE_SAFETENSORS, stem + _INDEX]
    elif weights[0].lower().endswith(".bin"):
        beside = [*sorted(filter(is_tokenizer_bin, present)), TOKENIZER_JSON][:1]
    else:
        beside = []
    return [*weights, *(name for name in beside if name in present)]


def names_beside(name: str) -> list[tuple[str, bool]]:
    """Return what belongs to a file by its name alone, where no folder can be listed: names, and which are needed.

    Parameters
    ----------
    name : of a file with weights; empty for a folder, in which the weights have their usual name.
    """
    weights = [name or f"{_USUAL_STEM}.safetensors"]
    shard = _SHARD.fullmatch(name)
    if shard is not None and 0 < int(shard[2]) <= MAX_SHARDS:
        weights = [f"{shard[1]}-{number:05}-of-{shard[2]}{shard[3]}" for number in range(1, int(shard[2]) + 1)]
    found = [(each, True) for each in weights]
    if weights[0].lower().endswith(".safetensors"):
        found += [(each, each == CONFIG_JSON) for each in BESIDE_SAFETENSORS]
    return found


def _models(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the files with weights of each model, by the model's name."""
    models: dict[str, list[str]] = {}
    for name in names:
        shard = _SHARD.fullmatch(name)
        if shard is not None:
            models.setdefault(shard[1], []).append(name)
        elif name.lower().endswith((".gguf", ".safetensors")):
            models.setdefault(name.rpartition(".")[0], []).append(name)
    if models:
        return models
    bins = [name for name in names if name.lower().endswith(".bin")]
    return {name: [name] for name in bins if not is_tokenizer_bin(name) and not _PYTORCH.fullmatch(name)}


def _indexed(names: Sequence[str], models: dict[str, list[str]]) -> str | None:
    """Return the name of the one index whose files have names of their own; None where there is no such index."""
    stems = [name.removesuffix(_INDEX) for name in names if name.endswith(_INDEX)]
    return stems[0] if len(stems) == 1 and stems[0] not in models and len(models) > 1 else None


def _only(models: dict[str, list[str]], folder: str) -> str:
    """Return the one model of a folder, or the one that has the usual name."""
    if not models:
        raise NoModelInFolderError(folder)
    if len(models) == 1:
        return next(iter(models))
    if _USUAL_STEM in models:
        return _USUAL_STEM
    raise SeveralModelsError(folder, sorted(weights[0] for weights in models.values()))
