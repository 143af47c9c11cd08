# SPDX-License-Identifier: Apache-2.0
"""The tokenizer of a model that reads a source before it writes: a prompt ends in the token that begins the text.

In comes the tokenizer that the model's files bring; what it does is changed in this alone.
"""

from collections.abc import Sequence

from taleproof.tokenizers import Tokenizer


class SourceTokenizer:
    """A tokenizer whose texts end in ``start``, where the model's own rule is asked for."""

    def __init__(self, inner: Tokenizer, start: int) -> None:
        self._inner = inner
        self._start = start
        self.vocab_size = inner.vocab_size
        self.bos_id = inner.bos_id
        self.eos_ids = inner.eos_ids
        self.add_bos = inner.add_bos
        self.bos_token = inner.bos_token
        self.eos_token = inner.eos_token

    def encode(self, text: str, *, add_bos: bool | None = None, parse_special: bool = True) -> list[int]:
        """Return the ids of a source and the token after it; with ``add_bos`` given, the text's alone."""
        ids = self._inner.encode(text, add_bos=add_bos, parse_special=parse_special)
        if add_bos is not None:
            return ids
        return [*(token for token in ids if token != self._start), self._start]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids."""
        return self._inner.decode(ids)

    def token_bytes(self, token: int, *, after: int | None = None) -> bytes:
        """Return the bytes of one token; the one that begins the text has none."""
        return b"" if token == self._start else self._inner.token_bytes(token, after=after)
