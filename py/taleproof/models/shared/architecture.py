# SPDX-License-Identifier: Apache-2.0
"""What an architecture is: a network's settings, tensor names, conventions and pass, in one file of models/.

In comes a ModelFile; out go a Config, and a Module with its weights, which describes its kinds of steps. A Module
keeps nothing between steps: the cache is the caller's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from taleproof.device.base import GraphSpec
from taleproof.formats import ModelFile, Value
from taleproof.formats.huggingface.config import Config as ConfigJson
from taleproof.formats.huggingface.keys import Defaults
from taleproof.graph.ops import A, C
from taleproof.models.shared.gguf_keys import Accepted
from taleproof.nn.cache import CacheShape, KVCache
from taleproof.nn.weights import Tensors


W = TypeVar("W")
Settings = TypeVar("Settings")
SettingsIn = TypeVar("SettingsIn", contravariant=True)

Task = Literal["generate", "embed"]
"""What a model is for: to write a text, or to make a vector of one."""

Logits = Literal["none", "last", "all"]
"""For which of a step's tokens logits are wanted."""


@dataclass(frozen=True)
class TextConfig:
    """What a model that reads tokens tells.

    Attributes
    ----------
    vocab_size : number of tokens that it knows, and that logits are given for.
    n_ctx_train : the longest context that it was made for.
    cache : what is kept for each position.
    """

    vocab_size: int
    n_ctx_train: int
    cache: CacheShape


class Config(Protocol):
    """What any architecture's configuration tells."""

    @property
    def text(self) -> TextConfig | None:
        """None for a model that reads no tokens."""
        ...


class WriterConfig(Protocol):
    """What the configuration of a model that writes tells."""

    @property
    def text(self) -> TextConfig: ...


class EncoderConfig(Protocol):
    """What the configuration of a model that makes vectors of texts tells."""

    @property
    def text(self) -> TextConfig: ...

    @property
    def dim(self) -> int:
        """Elements of a text's vector."""
        ...


class Module(Protocol[W]):
    """A network with its weights, on some device."""

    @property
    def config(self) -> Config:
        """Its frozen configuration."""
        ...

    def graphs(self, cache: KVCache[C], context: int, batch: int) -> dict[str, GraphSpec[A, W, C]]:
        """Return its kinds of steps on a cache, for a device to compile.

        A model that writes has ``none``, ``last`` and ``all``, by the tokens whose logits are wanted. One with an
        encoder has ``encode``: a model that writes beside the others, one that makes vectors alone.

        Parameters
        ----------
        context : positions that the cache has.
        batch : tokens of a step at most; what an encoder reads is one step, whatever its length.
        """
        ...


class Writer(Module[W], Protocol[W]):
    """A Module that writes."""

    @property
    def config(self) -> WriterConfig:
        """Its frozen configuration."""
        ...


class Encoder(Module[W], Protocol[W]):
    """A Module that makes vectors of texts."""

    @property
    def config(self) -> EncoderConfig:
        """Its frozen configuration."""
        ...


class Load(Protocol[SettingsIn]):
    """Builds a Module."""

    def __call__(self, config: SettingsIn, tensors: Tensors[W]) -> Module[W]:
        """Ask for every weight by name and shape; MissingTensorError where one is absent or of another shape."""
        ...


Keys = dict[str, Value]
"""GGUF's keys, without the architecture's name before those that have it."""


def _none(_: ConfigJson) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Family:
    """A model_type of config.json, which has an architecture's network.

    Attributes
    ----------
    defaults : keys that are read, each with its value where it is absent.
    fixed : keys of which only these values are run; the first one is that of an absent key.
    keys : what the others say, in GGUF's words.
    absent : how names of tensors end that a network of these settings does not have.
    """

    defaults: Defaults
    fixed: Mapping[str, tuple[object, ...]]
    keys: Callable[[ConfigJson], Keys]
    absent: Callable[[ConfigJson], tuple[str, ...]] = _none


@dataclass(frozen=True)
class Conventions:
    """In what GGUF's files keep weights otherwise than transformers does.

    Attributes
    ----------
    interleaved_rope : whether neighbours in a head are rotated together, where transformers rotates element i with
        i + head_dim / 2; the rows of queries and keys are permuted so that both are the same.
    norm_offset : what GGUF's weights of norms have been increased by, because transformers adds it in each step.
    factors : what frequencies are divided by: the key that config.json is translated to, and the tensor in GGUF.
    """

    interleaved_rope: bool = False
    norm_offset: float = 0.0
    factors: Mapping[str, str] = field(default_factory=dict)

    def neox_layout(self, file: ModelFile) -> bool:
        """Return whether a file's heads are rotated in the NeoX layout, as transformers does it."""
        return file.huggingface or not self.interleaved_rope

    def plus(self, file: ModelFile) -> float:
        """Return what is still to be added to a file's weights of norms."""
        return self.norm_offset if file.huggingface else 0.0


@dataclass(frozen=True)
class Architecture(Generic[Settings]):
    """All that is known of an architecture.

    Attributes
    ----------
    name : the value of general.architecture.
    tasks : what its models are for, the usual one first.
    from_gguf : reads and checks all its keys; FormatError where one can't be right. Keys that it does not ask for are
        refused, if nobody knows that they change nothing.
    load : makes the network of a configuration and weights.
    families : the model types of config.json that have this network. What they say is put into GGUF's words, so that
        from_gguf is the only reader.
    tensor_name : gives GGUF's name for transformers' name of a tensor; None for one that is not needed, the same name
        for one that is not known.
    harmless : keys of GGUF that change nothing here, with the values of which that is so; before those of gguf_keys.py.
    """

    name: str
    tasks: tuple[Task, ...]
    from_gguf: Callable[[ModelFile], Settings]
    load: Load[Settings]
    families: Mapping[str, Family]
    tensor_name: Callable[[str], str | None]
    conventions: Conventions = field(default_factory=Conventions)
    harmless: Mapping[str, Accepted] = field(default_factory=dict)
