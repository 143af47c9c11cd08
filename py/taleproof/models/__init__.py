# SPDX-License-Identifier: Apache-2.0
"""The architectures, one a file; the file's name is the value of ``general.architecture``.

In comes a ModelFile, or the files of a model; out goes what its architecture makes of them: a configuration, or a
Module with its weights. Refused, by name: architectures that are not known, and keys that
nobody asks for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, TypeVar, cast

from taleproof import formats
from taleproof.errors import FormatError, UnknownArchitectureError
from taleproof.formats import ModelFile, Value
from taleproof.formats.huggingface import Translation
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.formats.huggingface.keys import EVERYWHERE, HARMLESS
from taleproof.io.json_text import Fields
from taleproof.io.reader import Blob
from taleproof.models.shared.architecture import (
    Architecture,
    Config,
    Conventions,
    Encoder,
    EncoderConfig,
    Family,
    Logits,
    Module,
    Task,
    TextConfig,
    Writer,
)
from taleproof.models.shared.gguf_keys import TrackedKeys, refuse_unknown
from taleproof.nn.weights import Tensors


W = TypeVar("W")


def _architectures() -> dict[str, Architecture[Any]]:
    """Return what the modules of this package say, each of one architecture."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__) if not found.ispkg)
    found: list[Architecture[Any]] = [module.ARCHITECTURE for module in modules]
    return {architecture.name: architecture for architecture in found}


ARCHITECTURES: Mapping[str, Architecture[Any]] = MappingProxyType(_architectures())
"""What can be run, by the value of general.architecture."""

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {name: family for architecture in ARCHITECTURES.values() for name, family in architecture.families.items()}
)
"""What can be run, by config.json's model_type."""


def task_of(file: ModelFile) -> Task:
    """Return what a model of this architecture is for; one that is not known is refused when it is loaded."""
    architecture = ARCHITECTURES.get(file.architecture)
    return "generate" if architecture is None else architecture.tasks[0]


def conventions_of(file: ModelFile) -> Conventions:
    """Return in what GGUF keeps this model's weights otherwise than transformers does."""
    architecture = ARCHITECTURES.get(file.architecture)
    return Conventions() if architecture is None else architecture.conventions


def read_config(file: ModelFile, task: Task = "generate") -> Config:
    """Read the configuration, which tells how much memory a model needs before its weights are touched.

    Raises
    ------
    UnknownArchitectureError, UnknownSettingError, FormatError
    """
    architecture = _found(file, task)
    keys = TrackedKeys(file.metadata)
    config: Config = architecture.from_gguf(replace(file, metadata=keys))
    refuse_unknown(file, keys.used, architecture.harmless)
    return config


def load_model(file: ModelFile, tensors: Tensors[W]) -> Writer[W]:
    """Build the model that the file's architecture names, one that generates.

    Raises
    ------
    UnknownArchitectureError, UnknownSettingError, FormatError, MissingTensorError, UnknownTensorError
    """
    return cast(Writer[W], _load(file, tensors, "generate"))


def load_encoder(file: ModelFile, tensors: Tensors[W]) -> Encoder[W]:
    """Build the encoder that the file's architecture names; errors are those of load_model."""
    return cast(Encoder[W], _load(file, tensors, "embed"))


def _load(file: ModelFile, tensors: Tensors[W], task: Task) -> Module[W]:
    module: Module[W] = _found(file, task).load(read_config(file, task), tensors)
    tensors.check_all_used()
    return module


def _found(file: ModelFile, task: Task) -> Architecture[Any]:
    name = file.architecture
    architecture = ARCHITECTURES.get(name)
    if architecture is None or task not in architecture.tasks:
        known = [each.name for each in ARCHITECTURES.values() if task in each.tasks]
        raise UnknownArchitectureError(file.name, name, known)
    return architecture


def translate(fields: Fields, file: str) -> Translation:
    """Put a config.json into GGUF's words.

    Raises
    ------
    UnknownArchitectureError, UnknownSettingError, FormatError
    """
    kind = fields.get("model_type")
    if not isinstance(kind, str):
        raise FormatError(file, "model_type", kind, None, "a text is expected")
    architecture = next((each for each in ARCHITECTURES.values() if kind in each.families), None)
    if architecture is None:
        raise UnknownArchitectureError(file, kind[:80], tuple(FAMILIES))
    family = architecture.families[kind]
    config = ConfigJson(fields, file, {**family.defaults, **{key: values[0] for key, values in family.fixed.items()}})
    config.check({**EVERYWHERE, **family.fixed}, HARMLESS)
    metadata: dict[str, Value] = {"general.architecture": architecture.name}
    for key, value in family.keys(config).items():
        metadata[key if key.startswith("tokenizer.") else f"{architecture.name}.{key}"] = value
    absent = family.absent(config)

    def tensor(name: str) -> str | None:
        """A file that has a tensor which is absent keeps its name, and is refused by it: it is not what it says."""
        known = architecture.tensor_name(name)
        return name if known is not None and known.endswith(absent) else known

    return Translation(architecture.name, metadata, tensor)


def parse_files(blobs: Sequence[Blob]) -> ModelFile:
    """Parse all files of one model; see formats.parse_files.

    Raises
    ------
    FormatError : or one of its kinds, whatever the bytes are; nothing else.
    """
    return formats.parse_files(blobs, translate)


__all__ = [
    "ARCHITECTURES",
    "FAMILIES",
    "EncoderConfig",
    "Logits",
    "Task",
    "TextConfig",
    "conventions_of",
    "load_encoder",
    "load_model",
    "parse_files",
    "read_config",
    "task_of",
    "translate",
]
