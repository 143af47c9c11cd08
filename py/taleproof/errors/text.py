# SPDX-License-Identifier: Apache-2.0
"""Errors of tokenizers and chat templates."""

from collections.abc import Sequence

from taleproof.errors.base import TaleproofError, fact, plain, shown


class ChatTemplateError(TaleproofError):
    """The model's chat template could not be used for these messages."""

    code = "chat-template"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The model's chat template failed: {why}. Write in raw mode or choose another model.",
            {"why": why},
        )


class RequestsOnlyError(TaleproofError):
    """A model that reads a request before it writes was asked to go on from an opening."""

    code = "requests-only"

    def __init__(self, architecture: str) -> None:
        super().__init__(
            f"A {architecture} model reads a request and writes an answer; it can't go on from an opening. "
            "Choose to have a request answered (chat), and try again.",
            {"architecture": architecture},
        )


class TokenizerMissingError(TaleproofError):
    """A model whose file brings no tokenizer, without the tokenizer.bin or tokenizer.json that belongs to it."""

    code = "tokenizer-missing"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"{file} brings no tokenizer. Choose its tokenizer.bin or tokenizer.json together with it, or the folder "
            "that they are in.",
            {"file": file},
        )


class TokenizerLimitError(TaleproofError):
    """A part of a tokenizer.json that makes more of a text than any real one does."""

    code = "tokenizer-limit"

    def __init__(self, file: str, part: str, what: str) -> None:
        file, part = plain(file), plain(part)
        super().__init__(
            f"{file}: {part} {what}. Use a shorter text, or choose the same model as a GGUF file.",
            {"file": file, "part": part, "what": what},
        )


class UnknownPreTokenizerError(TaleproofError):
    """A model whose text is cut into words in a way that is not implemented."""

    code = "unknown-pre-tokenizer"

    def __init__(self, file: str, name: str, supported: Sequence[str]) -> None:
        said = f"the pre-tokenizer {shown(name)}" if name else "no pre-tokenizer"
        super().__init__(
            f"{file} names {said}; known are {', '.join(sorted(supported))}. Choose another model"
            f"{'' if name else ', or convert this one again with current tools'}.",
            {"file": file, "name": fact(name), "supported": sorted(supported)},
        )


class UnknownTokenError(TaleproofError):
    """A token id that the vocabulary does not have."""

    code = "unknown-token"

    def __init__(self, token: int, vocab_size: int) -> None:
        super().__init__(
            f"There is no token {token:,}: the vocabulary has {vocab_size:,}. The tokenizer may be another model's.",
            {"token": token, "vocab_size": vocab_size},
        )


class UnknownTokenizerError(TaleproofError):
    """A model whose tokenizer is of a kind that is not implemented, or that brings none."""

    code = "unknown-tokenizer"

    def __init__(self, file: str, kind: str, supported: Sequence[str]) -> None:
        said = f"a tokenizer of the kind {shown(kind)}" if kind else "no tokenizer"
        super().__init__(
            f"{file} has {said}; known are {', '.join(sorted(supported))}. Choose another model.",
            {"file": file, "kind": fact(kind), "supported": sorted(supported)},
        )


class UnknownTokenizerPartError(TaleproofError):
    """A tokenizer.json with a part that is not implemented: without it the model would be given other ids."""

    code = "unknown-tokenizer-part"

    def __init__(self, file: str, part: str) -> None:
        file, part = plain(file), plain(part)
        super().__init__(
            f"{file}: {part}, is not known here, and without it the model would read another text. "
            "Choose the same model as a GGUF file.",
            {"file": file, "part": part},
        )
