# SPDX-License-Identifier: Apache-2.0
"""The architectures, one a file; the file's name is the value of ``general.architecture``.

A model reads its Config from a ModelFile, asks a TensorSource for its weights by name, and describes its forward pass
against the operations. It keeps nothing between steps: the cache is the caller's.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, runtime_checkable

from taleproof.device.base import GraphSpec
from taleproof.errors import UnknownArchitectureError
from taleproof.formats import ModelFile
from taleproof.graph.ops import A, C, Ops
from taleproof.nn.cache import CacheShape, KVCache
from taleproof.nn.weights import TensorSource


V = TypeVar("V", covariant=True)
W = TypeVar("W")
Logits = Literal["none", "last", "all"]
"""For which of a step's tokens logits are wanted."""


class Config(Protocol):
    """What any architecture's configuration tells."""

    @property
    def vocab_size(self) -> int:
        """Number of tokens that logits are given for."""
        ...

    @property
    def n_ctx_train(self) -> int:
        """The longest context that the model was made for."""
        ...

    @property
    def cache(self) -> CacheShape:
        """What is kept for each position."""
        ...


class Model(Protocol[V]):
    """A model with its weights, on some backend."""

    @property
    def config(self) -> Config:
        """Its frozen configuration."""
        ...

    def forward(self, ops: Ops[A, V, C], cache: KVCache[C], logits: Logits) -> A:
        """Describe one step; returns logits (1 or T, vocab), or with ``none`` the last hidden state."""
        ...


@runtime_checkable
class SourceModel(Protocol[V]):
    """What a model has beside, if it reads a source first: all of it in one step, of which only the cache remains."""

    def read(self, ops: Ops[A, V, C], cache: KVCache[C]) -> A:
        """Describe the step that reads; returns the source's last hidden state (T, dim)."""
        ...


class EncoderConfig(Config, Protocol):
    """What an encoder's configuration tells beside."""

    @property
    def dim(self) -> int:
        """Elements of a text's vector."""
        ...


class Encoder(Protocol[V]):
    """A model that makes a vector of a text, with its weights, on some backend."""

    @property
    def config(self) -> EncoderConfig:
        """Its frozen configuration."""
        ...

    def encode(self, ops: Ops[A, V, C], cache: KVCache[C]) -> A:
        """Describe the step that reads a text; returns its vector (1, dim), of length 1."""
        ...


Task = Literal["generate", "embed"]
"""What a model is for: a Model generates, an Encoder embeds."""

ARCHITECTURES: Mapping[str, Task] = MappingProxyType(
    {
        "bert": "embed",
        "gemma2": "generate",
        "gemma3": "generate",
        "llama": "generate",
        "phi2": "generate",
        "phi3": "generate",
        "qwen2": "generate",
        "qwen3": "generate",
        "smollm3": "generate",
        "t5": "generate",
    }
)
"""What can be run, and what for. Each has a module of its name in this package, with ``read_config`` and ``load``."""


def task_of(file: ModelFile) -> Task:
    """Return what a model of this architecture is for; one that is not known is refused when it is loaded."""
    return ARCHITECTURES.get(file.architecture, "generate")


def read_config(file: ModelFile, task: Task = "generate") -> Config:
    """Read the configuration, which tells how much memory a model needs before its weights are touched.

    Raises
    ------
    UnknownArchitectureError, FormatError
    """
    config: Config = _module(file, task).read_config(file)
    return config


def load_model(file: ModelFile, tensors: TensorSource[W]) -> Model[W]:
    """Build the model that the file's architecture names, one that generates.

    Raises
    ------
    UnknownArchitectureError, FormatError, MissingTensorError, UnknownTensorError
    """
    model: Model[W] = _module(file, "generate").load(file, tensors)
    tensors.check_all_used()
    return model


def load_encoder(file: ModelFile, tensors: TensorSource[W]) -> Encoder[W]:
    """Build the encoder that the file's architecture names; errors are those of load_model."""
    model: Encoder[W] = _module(file, "embed").load(file, tensors)
    tensors.check_all_used()
    return model


def step_graphs(model: Model[W], cache: KVCache[C], context: int, batch: int) -> dict[str, GraphSpec[A, W, C]]:
    """Return a model's kinds of steps on a cache, for a device to compile.

    Parameters
    ----------
    context : positions that the cache has.
    batch : tokens of a step at most; a source is read in one, whatever its length.
    """

    def forward(logits: Logits) -> GraphSpec[A, W, C]:
        result = None if logits == "none" else "the logits"
        return GraphSpec(lambda ops: model.forward(ops, cache, logits), batch, result)

    graphs = {"none": forward("none"), "last": forward("last"), "all": forward("all")}
    if isinstance(model, SourceModel):
        graphs["read"] = GraphSpec(lambda ops: model.read(ops, cache), context, "the source")
    return graphs


def _module(file: ModelFile, task: Task):  # type: ignore[no-untyped-def]  # all modules have the same two functions
    name = file.architecture
    if ARCHITECTURES.get(name) != task:
        raise UnknownArchitectureError(file.name, name, [each for each, its in ARCHITECTURES.items() if its == task])
    return import_module(f".{name}", __package__)
