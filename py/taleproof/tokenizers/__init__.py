# SPDX-License-Identifier: Apache-2.0
"""Text to token ids and back, as the model's own tokenizer does it.

In comes a parsed model file (GGUF carries its tokenizer), llama2.c's tokenizer.bin or Hugging Face's
tokenizer.json. Out comes a Tokenizer. Refused, by name: kinds of tokenizer and pre-tokenizers that are not
implemented, because a text split in another way than in training makes a model write nonsense without anyone
being told why.

Read on in this order: vocabulary.py (what the file says), base.py (special tokens, BOS, decoding),
algorithms/ (merge.py: the one algorithm of BPE, spm.py, pretokenize.py and bpe.py, viterbi.py and unigram.py,
wordpiece.py), llama2c.py, huggingface/ (tokenizer.json), encoder_input.py, stream.py.
"""

from collections.abc import Sequence
from typing import Protocol

from taleproof.errors import UnknownTokenizerError
from taleproof.formats import ModelFile
from taleproof.io.reader import Blob
from taleproof.tokenizers.special import Literal
from taleproof.tokenizers.stream import TextStream


__all__ = ["TextStream", "Tokenizer", "from_llama2c", "from_model", "from_tokenizer_json"]

KINDS = ("bert", "gemma4", "gpt2", "llama", "t5", "whitespace")
"""The values of tokenizer.ggml.model that are implemented."""


class Tokenizer(Protocol):
    """What the rest of the engine knows of a tokenizer.

    Attributes
    ----------
    bos_id : the token that begins a text; None if the model has none.
    eos_ids : every token that ends a text or a turn.
    add_bos : the model's own rule whether BOS begins every text.
    bos_token, eos_token : their texts, for chat templates; empty if there is none.
    """

    @property
    def vocab_size(self) -> int:
        """Return the number of tokens."""
        ...

    @property
    def bos_id(self) -> int | None: ...

    @property
    def eos_ids(self) -> frozenset[int]: ...

    @property
    def add_bos(self) -> bool: ...

    @property
    def bos_token(self) -> str: ...

    @property
    def eos_token(self) -> str: ...

    def encode(
        self, text: str, *, add_bos: bool | None = None, parse_special: bool = True, literal: Literal = ()
    ) -> list[int]:
        """Return the ids of a text.

        Parameters
        ----------
        add_bos : whether the BOS token comes first. None is the model's own rule, which
            may also add an EOS token.
        parse_special : recognise control tokens written in the text, such as ``<|im_start|>``.
        literal : stretches of a well-formed text where none is recognised, whatever stands there; the ids are those of
            the whole text all the same.
        """
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; broken UTF-8 becomes U+FFFD."""
        ...

    def token_bytes(self, token: int, *, after: int | None = None) -> bytes:
        """Return the bytes of one token; a control token has none.

        Parameters
        ----------
        after : the id before it, if there is one: some tokenizers drop a space after BOS.
        """
        ...


def from_model(file: ModelFile) -> Tokenizer:
    """Return the tokenizer that a GGUF file carries.

    Raises
    ------
    UnknownTokenizerError, UnknownPreTokenizerError : a kind that is not implemented.
    FormatError : metadata that is missing or contradicts itself.
    """
    kind = file.text("tokenizer.ggml.model", "")
    if kind in ("gemma4", "gpt2", "whitespace"):
        from taleproof.tokenizers.algorithms.bpe import bpe_from_model

        return bpe_from_model(file, kind)
    if kind == "llama":
        from taleproof.tokenizers.algorithms.spm import spm_from_model

        return spm_from_model(file)
    if kind == "bert":
        from taleproof.tokenizers.algorithms.wordpiece import wordpiece_from_model

        return wordpiece_from_model(file)
    if kind == "t5":
        from taleproof.tokenizers.algorithms.unigram import unigram_from_model

        return unigram_from_model(file)
    raise UnknownTokenizerError(file.name, kind, KINDS)


def from_llama2c(blob: Blob, vocab_size: int) -> Tokenizer:
    """Return the tokenizer of llama2.c's tokenizer.bin, for a model of ``vocab_size`` tokens.

    Raises
    ------
    FormatError : a file that is not such a tokenizer, or one of another size than the model's.
    """
    from taleproof.tokenizers.llama2c import read_llama2c

    return read_llama2c(blob, vocab_size)


def from_tokenizer_json(file: ModelFile, blob: Blob, config: Blob | None) -> Tokenizer:
    """Return the tokenizer of a tokenizer.json.

    Parameters
    ----------
    file : the model that it belongs to.
    config : the tokenizer_config.json beside it, which names the tokens that begin and end a text.

    Raises
    ------
    FormatError : a file that is not such a tokenizer.
    UnknownTokenizerPartError : a kind, or a part of it, that is not implemented.
    """
    from taleproof.tokenizers.huggingface import read_tokenizer_json

    return read_tokenizer_json(file, blob, config)
