# SPDX-License-Identifier: Apache-2.0
"""What Hugging Face's files beside the weights say of a model's use: the chat template, what ends a text, the pooling.

In come the files by name, and config.json's fields; out go keys of GGUF's metadata, and token ids. Refused: a pooling
or a module that is not computed here, because vectors without it would be other vectors.
"""

from collections.abc import Mapping
from typing import Any

from taleproof.errors import FormatError, LimitError
from taleproof.io.json_text import Fields, read_object
from taleproof.io.model_files import CHAT_TEMPLATE, GENERATION_CONFIG, MODULES, POOLING, TOKENIZER_CONFIG
from taleproof.io.reader import Blob


MAX_CONFIG = 1 << 20
MAX_TOKENIZER_CONFIG = 1 << 24
"""Gemma's, with an entry for each of 6,415 added tokens, has 1.2 MB."""
MAX_TEMPLATE = 1 << 20

POOLINGS = {"mean": 1, "cls": 2}
"""GGUF's numbers of the kinds of pooling that are run."""

_DEFAULT_TEMPLATE = "default"
_MODULES = ("Transformer", "Pooling", "Normalize")
_MAX_ENDS = 64


def read_beside(blob: Blob, cap: int = MAX_CONFIG) -> Fields:
    """Return the object in a JSON file.

    Raises
    ------
    FormatError, LimitError
    """
    return read_object(blob.read(0, min(blob.size, cap + 1)), blob.name, "content", cap)


def chat_template(named: Mapping[str, Blob]) -> str | None:
    """Return the chat template: a file of its own goes before tokenizer_config.json's, of several the default one.

    Raises
    ------
    FormatError, LimitError
    """
    blob = named.get(CHAT_TEMPLATE)
    if blob is not None:
        if blob.size > MAX_TEMPLATE:
            raise LimitError(blob.name, "content", blob.size, None, f"at most {MAX_TEMPLATE:,} bytes are read")
        try:
            return str(blob.read(0, blob.size), "utf-8")
        except UnicodeDecodeError:
            raise FormatError(blob.name, "content", None, None, "a text in UTF-8 is expected") from None
    if TOKENIZER_CONFIG not in named:
        return None
    said = read_beside(named[TOKENIZER_CONFIG], MAX_TOKENIZER_CONFIG).get("chat_template")
    if isinstance(said, list):
        by_name = {each.get("name"): each.get("template") for each in said if isinstance(each, dict)}
        said = by_name.get(_DEFAULT_TEMPLATE)
    return said if isinstance(said, str) else None


def end_tokens(named: Mapping[str, Blob], config: Fields, config_name: str) -> tuple[int, ...]:
    """Return the tokens that end a text: those of generation_config.json, or of config.json where that names none.

    Raises
    ------
    FormatError : not a token's number, or a list of them.
    """
    key = "eos_token_id"
    if GENERATION_CONFIG in named:
        generation = read_beside(named[GENERATION_CONFIG])
        if generation.get(key) is not None:
            return _ids(generation[key], GENERATION_CONFIG, key)
    return () if config.get(key) is None else _ids(config[key], config_name, key)


def _ids(said: Any, file: str, key: str) -> tuple[int, ...]:
    listed = said if isinstance(said, list) else [said]
    if len(listed) > _MAX_ENDS or not all(type(each) is int and 0 <= each < 1 << 31 for each in listed):
        why = f"the number of a token, or a list of at most {_MAX_ENDS}, is expected"
        raise FormatError(file, key, None, None, why)
    return tuple(listed)


def pooling(named: Mapping[str, Blob]) -> int | None:
    """Return GGUF's number of how an encoder makes one vector of its tokens' vectors; None where no file says it.

    Raises
    ------
    FormatError : another pooling than the mean or the first token, or a module that is not computed here.
    """
    if MODULES in named:
        _check_modules(named[MODULES], has_pooling=POOLING in named)
    if POOLING not in named:
        return None
    said = read_beside(named[POOLING])
    modes = said.get("pooling_mode")
    if modes is None:
        prefix = "pooling_mode_"
        on = [key for key, value in said.items() if key.startswith(prefix) and value is True]
        modes = [key.removeprefix(prefix).removesuffix("_token").removesuffix("_tokens") for key in on]
    chosen = modes if isinstance(modes, list) else [modes]
    if len(chosen) != 1 or chosen[0] not in POOLINGS:
        why = "one of the mean and the first token (cls) is computed; other poolings make other vectors"
        raise FormatError(POOLING, "pooling_mode", ", ".join(map(str, chosen)) or None, None, why)
    return POOLINGS[chosen[0]]


def _check_modules(blob: Blob, *, has_pooling: bool) -> None:
    """Refuse a chain of modules that is not the usual one. The file is a list, which read_object does not read."""
    wrapped = b'{"modules":' + bytes(blob.read(0, min(blob.size, MAX_CONFIG + 1))) + b"}"
    modules = read_object(wrapped, blob.name, "content", MAX_CONFIG)["modules"]
    if not isinstance(modules, list) or not all(isinstance(each, dict) for each in modules):
        raise FormatError(blob.name, "content", None, None, "a list of modules is expected")
    for module in modules:
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind not in _MODULES:
            why = "this module is not computed here, and without it the vectors would be others"
            raise FormatError(blob.name, "type", kind, None, why)
        if kind == "Pooling" and (not has_pooling or f"{module.get('path')}/config.json" != POOLING):
            why = f"the pooling is read from {POOLING}, which is missing: add it to the other files"
            raise FormatError(blob.name, "path", module.get("path"), None, why)
