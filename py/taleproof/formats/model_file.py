# SPDX-License-Identifier: Apache-2.0
"""What every parser returns: a model file's metadata and its tensor table, as plain data.

Whatever the format, keys and tensor names are GGUF's, so that an architecture knows only one vocabulary. The
getters refuse a key that is missing or of the wrong type with a FormatError, so that nobody else needs to
look.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import FormatError, UnknownSettingError
from taleproof.quant import BlockType


Value = bool | int | float | str | list[str] | list[Any] | NDArray[Any]
"""A metadata value: arrays of numbers are NumPy arrays, of strings lists, nested arrays lists of these."""


class _Required:
    """The default of a key that must be there."""


REQUIRED = _Required()
CHAT_TEMPLATE_KEY = "tokenizer.chat_template"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Where a tensor is and how it is stored.

    Attributes
    ----------
    shape : row-major, outermost first: (rows, cols).
    offset : of its first byte, from the file's beginning.
    nbytes : bytes in all, the scales of groups included.
    scales_offset : where the scales begin, if they are kept apart from the weights (llama2.c's version 2);
        else None.
    part : which of the model's files it is in, from 0 on.
    big_endian : numbers of several bytes have their most significant byte first.
    """

    name: str
    type: BlockType
    shape: tuple[int, ...]
    offset: int
    nbytes: int
    scales_offset: int | None = None
    part: int = 0
    big_endian: bool = False

    @property
    def elements(self) -> int:
        """Return the number of weights."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the files that a model's weights are in: its name and its bytes in all."""

    name: str
    size: int


@dataclass(frozen=True)
class ModelFile:
    """A parsed model file, or several that belong together: data, not a model.

    Attributes
    ----------
    name : the file's name, for messages.
    format : "GGUF v3", "llama2.c v0", "safetensors" and so on.
    architecture : the value of general.architecture, such as "llama".
    size : the bytes in all of the files with weights.
    split : the files with weights, where there are several.
    end_tokens : what ends a text, as far as a file beside the weights says it; the tokenizer knows more.
    """

    name: str
    format: str
    architecture: str
    metadata: Mapping[str, Value]
    tensors: Mapping[str, TensorInfo]
    size: int
    split: tuple[Part, ...] = ()
    end_tokens: tuple[int, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The files with weights, in the order that TensorInfo.part counts."""
        return self.split or (Part(self.name, self.size),)

    @property
    def huggingface(self) -> bool:
        """Whether the weights are as Hugging Face's transformers keep them, where GGUF's converter changes some.

        The rows of llama's queries and keys are not permuted, so that rotary pairs are in the NeoX layout; gemma's
        norms are kept less one.
        """
        return self.format.startswith("safetensors")

    @property
    def start_token(self) -> int | None:
        """The token between the encoder's input and the decoder's text; None in models without an encoder.

        llama.cpp writes that there is none as -1, which as an unsigned number is 2^32 - 1.
        """
        token = self.integer(f"{self.architecture}.decoder_start_token_id", None)
        return None if token in (-1, (1 << 32) - 1) else token

    def fail(self, key: str, value: object, why: str) -> FormatError:
        """Return the error for a key whose value can't be right."""
        return FormatError(self.name, key, value, None, why)

    # A getter returns the value of the key; where it is absent the default, or a FormatError without one.

    def _get(self, key: str, default: object, kind: str, types: tuple[type, ...]) -> Any:
        value = self.metadata.get(key)
        if value is None:
            if isinstance(default, _Required):
                raise self.fail(key, None, "this key is needed and is missing")
            return default
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise self.fail(key, value, f"{kind} is expected")
        return value

    def integer(self, key: str, default: T | _Required = REQUIRED) -> int | T:
        """Return an integer of any size, such as an id, which the caller compares with what there is."""
        value: int | T = self._get(key, default, "a whole number", (int,))
        return value

    def count(self, key: str, low: int, high: int, default: T | _Required = REQUIRED) -> int | T:
        """Return an integer from ``low`` to ``high``."""
        value: int | T = self.integer(key, default)
        if self.metadata.get(key) is not None and not (isinstance(value, int) and low <= value <= high):
            raise self.fail(key, value, f"a whole number from {low:,} to {high:,} is expected")
        return value

    def layer_count(self, key: str, low: int, high: int, layers: int, default: T | _Required = REQUIRED) -> int | T:
        """Return an integer that a file may also give as an array of one number for each layer, all of them equal."""
        value = self.metadata.get(key)
        if not isinstance(value, np.ndarray):
            return self.count(key, low, high, default)
        if value.dtype.kind not in "iu" or len(value) != layers:
            raise self.fail(key, value, f"a whole number is expected, or one for each of the {layers:,} layers")
        if value.min() != value.max():
            raise UnknownSettingError(self.name, key, value, "layers that differ from one another are not run")
        if not low <= value[0] <= high:
            raise self.fail(key, int(value[0]), f"a whole number from {low:,} to {high:,} is expected")
        return int(value[0])

    def f32(self, key: str, low: float, high: float, default: T | _Required = REQUIRED) -> float | T:
        """Return a finite number from ``low`` to ``high``, which fits in a float32."""
        value: float | T = self._get(key, default, "a number", (int, float))
        if self.metadata.get(key) is not None and not (isinstance(value, int | float) and low <= value <= high):
            raise self.fail(key, value, f"a number from {low:g} to {high:g} is expected")
        return float(value) if isinstance(value, int | float) else value

    def flag(self, key: str, default: T | _Required = REQUIRED) -> bool | T:
        """Return a truth value."""
        value: bool | T = self._get(key, default, "true or false", (bool,))
        return value

    def text(self, key: str, default: T | _Required = REQUIRED) -> str | T:
        """Return a string."""
        value: str | T = self._get(key, default, "a text", (str,))
        return value

    def texts(self, key: str, default: T | _Required = REQUIRED) -> list[str] | T:
        """Return a list of strings."""
        value: list[str] | T = self._get(key, default, "a list of texts", (list,))
        if isinstance(value, list) and value and not isinstance(value[0], str):
            raise self.fail(key, value[0], "a list of texts is expected")
        return value

    def numbers(self, key: str, default: T | _Required = REQUIRED) -> NDArray[Any] | T:
        """Return a NumPy array of numbers (read-only)."""
        value: NDArray[Any] | T = self._get(key, default, "a list of numbers", (np.ndarray,))
        return value
