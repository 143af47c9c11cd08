# SPDX-License-Identifier: Apache-2.0
"""Errors of model files: what breaks its format's rules, and where."""

from collections.abc import Sequence

from taleproof.errors.base import TaleproofError, fact, plain, shown


class FormatError(TaleproofError):
    """A model file that breaks its format's rules: which field, what it says, where, and why it is wrong."""

    code = "format-error"
    remedy = "The file is damaged or is not what its name says: get it again from its source."
    """What a person can do about it: the last sentence of the message."""

    def __init__(
        self, file: str, field: str, value: object, offset: int | None, why: str, *, remedy: str | None = None
    ) -> None:
        file, field, why = plain(file), plain(field), plain(why)
        where = "" if offset is None else f" at byte {offset:,}"
        said = "" if value is None else f" is {shown(value)}"
        super().__init__(
            f"{file}: {field}{said}{where}: {why}. {remedy or self.remedy}",
            {"file": file, "field": field, "value": fact(value), "offset": offset, "why": why},
        )


class EmptyFileError(FormatError):
    """A file of no bytes."""

    code = "empty-file"

    def __init__(self, file: str) -> None:
        super().__init__(file, "size", 0, None, "the file is empty")


class ExtendedFileError(FormatError):
    """A file that goes on after all that its header announces."""

    code = "extended-file"
    remedy = "Something was added to the model, or two files were joined: get it again from its source."


class HtmlInsteadOfModelError(FormatError):
    """A web page where a model should be: a login form, or a not-found page sent as a success."""

    code = "html-instead-of-model"
    remedy = "Use the address of the file itself, often called 'download' or 'raw', or save the file and open it."

    def __init__(self, file: str) -> None:
        super().__init__(file, "content", None, 0, "this is a web page, not a model")


class LimitError(FormatError):
    """A field that asks for more than any real model needs, and more than the reader is willing to hold."""

    code = "format-limit"
    remedy = "No real model needs this; the file is damaged, or made to exhaust memory."


class MissingPartError(FormatError):
    """A part of a model that is in several files, where the others are not."""

    code = "missing-part"
    remedy = "Choose all of the model's files together, or the folder that they are in."

    def __init__(self, file: str, part: int, count: int) -> None:
        super().__init__(file, "part", part, None, f"the model is in {count:,} files, and this one is not among them")


class TruncatedFileError(FormatError):
    """A file that ends before what its header announces."""

    code = "truncated-file"
    remedy = "The download was cut short, or the file was damaged: get it again."


class UnknownArchitectureError(FormatError):
    """A model whose network is none of those this engine can run."""

    code = "unknown-architecture"
    remedy = "Choose a model of an architecture that is supported."

    def __init__(self, file: str, architecture: str, supported: Sequence[str]) -> None:
        self.supported = tuple(supported)
        super().__init__(
            file, "general.architecture", architecture, None, f"supported are {', '.join(sorted(supported))}"
        )


class UnknownBlockTypeError(FormatError):
    """A tensor stored in a block type that this engine can't decode."""

    code = "unknown-block-type"
    remedy = "Choose another quantisation of the same model, such as Q4_K_M or Q8_0."


class UnknownFormatError(FormatError):
    """A file that begins like none of the formats known."""

    code = "unknown-format"
    remedy = "Choose a model in GGUF, safetensors with its config.json, GGML or llama2.c."


class UnknownSettingError(FormatError):
    """A setting of a model's network that is not run here: without it the model would compute something else."""

    code = "unknown-setting"
    remedy = "Run without it, the model would write something else than it should: choose another model."

    def __init__(self, file: str, field: str, value: object, why: str) -> None:
        super().__init__(file, field, value, None, why)


class UnsupportedVersionError(FormatError):
    """A known format in a version, or a byte order, that is not read."""

    code = "unsupported-version"
    remedy = "Convert the model again with current tools."
