# SPDX-License-Identifier: Apache-2.0
"""Models as Hugging Face keeps them: a config.json, weights as safetensors, and what stands beside them.

What a config.json means only an architecture knows. Whoever has files read brings a function that puts it into GGUF's
words (models/__init__.py has it), and gets a ModelFile like any other.
"""

from collections.abc import Callable
from dataclasses import dataclass

from taleproof.formats.model_file import Value
from taleproof.io.json_text import Fields


@dataclass(frozen=True)
class Translation:
    """What a config.json says, in GGUF's words.

    Attributes
    ----------
    tensor : gives GGUF's name for a tensor's name in the file; None for a tensor that is not needed.
    """

    architecture: str
    metadata: dict[str, Value]
    tensor: Callable[[str], str | None]


Translate = Callable[[Fields, str], Translation]
"""Puts a config.json, with the file's name for messages, into GGUF's words; FormatError for one that is not run."""
