# SPDX-License-Identifier: Apache-2.0
"""Decoders: the bytes of a token, as it stands first in a text or after others.

In comes the part "decoder", out goes a Decoder. The library decodes lists of tokens; here each token is decoded by
itself, so that a text can be shown as it grows. Refused: what would need the tokens after it.
"""

import re
from collections.abc import Callable

from taleproof.io.model_files import TOKENIZER_JSON
from taleproof.tokenizers.algorithms.bpe import TO_BYTE
from taleproof.tokenizers.huggingface.budget import Budget
from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.huggingface.pattern import read_pattern


Step = Callable[[str | bytes, bool, Budget], str | bytes]
"""From a token, and whether it is the first one, to what is written; bytes once it is known."""

FLOOR = 1 << 10
"""Characters that a token may gain, however short it is."""

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_CLEANED = (
    *((" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m")),
    *((" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re")),
)
"""What the library writes nearer together, in this order."""


class Decoder:
    """Steps, one after the other.

    Parameters
    ----------
    file : what messages call the tokenizer's file.
    """

    def __init__(self, file: str, steps: list[Step]) -> None:
        self._file = file
        self._steps = steps

    def bytes_of(self, token: str, *, first: bool) -> bytes:
        """Return what a token is written as.

        Raises
        ------
        TokenizerLimitError : a step makes it too long.
        """
        written: str | bytes = token
        budget = Budget(self._file, len(token), FLOOR)
        for step in self._steps:
            written = step(written, first, budget)
        return written.encode("utf-8", "replace") if isinstance(written, str) else written


def read_decoder(part: Part | None) -> Decoder:
    """Read the part; without one, tokens have a space between them.

    Raises
    ------
    FormatError, UnknownTokenizerPartError
    """
    if part is None:
        return Decoder(TOKENIZER_JSON, [_of_text(lambda token, first: token if first else " " + token)])
    parts = [part]
    if part.kind == "Sequence":
        part.only("decoders")
        parts = list(part.parts("decoders"))
    steps: list[Step] = []
    fused = False
    for each in parts:
        if each.kind == "Fuse":
            each.only()
            fused = True
        elif each.kind == "Strip":
            steps.append(_strip(each, fused))
        elif each.kind in _READERS and not fused:
            steps.append(_READERS[each.kind](each))
        else:
            each.unknown("after all tokens have become one" if fused else "")
    return Decoder(part.file, steps)


def _of_text(work: Callable[[str, bool], str | bytes]) -> Step:
    """Leave alone what is bytes already."""
    return lambda token, first, _: token if isinstance(token, bytes) else work(token, first)


def _byte_level(part: Part) -> Step:
    part.only("add_prefix_space", "trim_offsets", "use_regex")

    def decode(token: str, _: bool) -> bytes:
        found = [TO_BYTE.get(character) for character in token]
        whole = [byte for byte in found if byte is not None]
        return b"".join(whole) if len(whole) == len(found) else token.encode("utf-8", "replace")

    return _of_text(decode)


def _byte_fallback(part: Part) -> Step:
    part.only()

    def decode(token: str, _: bool) -> str | bytes:
        byte = _BYTE.fullmatch(token)
        return token if byte is None else bytes([int(byte[1], 16)])

    return _of_text(decode)


def _metaspace(part: Part) -> Step:
    part.only("replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep")
    mark = part.character("replacement")
    scheme = part.choice("prepend_scheme", {name: name for name in ("always", "first", "never")}, "always")
    strips = scheme != "never" and part.flag("add_prefix_space", True)

    def decode(token: str, first: bool) -> str:
        if first and strips:
            token = token.removeprefix(mark)
        return token.replace(mark, " ")

    return _of_text(decode)


def _replace(part: Part) -> Step:
    part.only("pattern", "content")
    pattern, content = read_pattern(part), part.text("content")
    if not isinstance(pattern, str):
        part.unknown("an expression")
    label, more = part.label, len(content) - len(pattern)

    def decode(token: str | bytes, _: bool, budget: Budget) -> str | bytes:
        if isinstance(token, bytes):
            return token
        if more > 0:
            budget.grow(label, token.count(pattern) * more)
        return token.replace(pattern, content)

    return decode


def _wordpiece(part: Part) -> Step:
    part.only("prefix", "cleanup")
    prefix, cleanup = part.text("prefix", "##"), part.flag("cleanup", True)

    def decode(token: str, first: bool) -> str:
        if not first:
            token = token[len(prefix) :] if token.startswith(prefix) else " " + token
        if cleanup:
            for apart, together in _CLEANED:
                token = token.replace(apart, together)
        return token

    return _of_text(decode)


def _strip(part: Part, fused: bool) -> Step:
    """Strip each token, or, once they are one, the beginning of the text."""
    part.only("content", "start", "stop")
    content = part.character("content")
    start, stop = part.count("start", 1 << 10, 0), part.count("stop", 1 << 10, 0)
    if fused and (stop or start > 1):
        part.unknown("more than one character of the whole text")

    def decode(token: str | bytes, first: bool, _: Budget) -> str | bytes:
        if isinstance(token, bytes) or (fused and not first):
            return token
        token = token[min(start, len(token) - len(token.lstrip(content))) :]
        return token[: len(token) - min(stop, len(token) - len(token.rstrip(content)))]

    return decode


_READERS: dict[str, Callable[[Part], Step]] = {
    "ByteFallback": _byte_fallback,
    "ByteLevel": _byte_level,
    "Metaspace": _metaspace,
    "Replace": _replace,
    "WordPiece": _wordpiece,
}
