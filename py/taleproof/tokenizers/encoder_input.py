# SPDX-License-Identifier: Apache-2.0
"""The tokenizer of a model with an encoder: the ids of a prompt end in the token that begins the decoder's text.

In comes the tokenizer of the model's files; nothing else of what it does is changed.
"""

from collections.abc import Sequence

from taleproof.tokenizers import Tokenizer
from taleproof.tokenizers.special import Literal


class EncoderInputTokenizer:
    """A tokenizer that ends a text with ``start``, where ``add_bos`` is not given."""

    def __init__(self, inner: Tokenizer, start: int) -> None:
        self._inner = inner
        self._start = start
        self.vocab_size = inner.vocab_size
        self.bos_id = inner.bos_id
        self.eos_ids = inner.eos_ids
        self.add_bos = inner.add_bos
        self.bos_token = inner.bos_token
        self.eos_token = inner.eos_token

    def encode(
        self, text: str, *, add_bos: bool | None = None, parse_special: bool = True, literal: Literal = ()
    ) -> list[int]:
        """Return the ids of the encoder's input and the start token; with ``add_bos`` given, the text's alone."""
        ids = self._inner.encode(text, add_bos=add_bos, parse_special=parse_special, literal=literal)
        if add_bos is not None:
            return ids
        return [*(token for token in ids if token != self._start), self._start]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids."""
        return self._inner.decode(ids)

    def token_bytes(self, token: int, *, after: int | None = None) -> bytes:
        """Return the bytes of one token; the one that begins the text has none."""
        return b"" if token == self._start else self._inner.token_bytes(token, after=after)
