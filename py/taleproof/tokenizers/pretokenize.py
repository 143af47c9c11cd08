r"""Pre-tokenizers: the regular expressions that cut a text into words before byte-level BPE.

In comes the name that GGUF's tokenizer.ggml.pre gives, out comes a PreTokenizer. A name that is not in
the table is refused: another expression would give other ids than the model was trained on.

Source: the tokenizer.json files of GPT-2, Llama 3, Qwen2 and SmolLM; llama.cpp's llama-vocab.cpp for the
names that share an expression. The ``regex`` package is loaded at first use: it knows \p{L} and \p{N},
which ``re`` does not.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from ..errors import UnknownPreTokenizerError


GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# GPT-2's after each digit has been set apart, in one expression: for spaces, a digit is like the text's end.
_SMOLLM = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+"
_CONTRACTIONS = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_LLAMA3 = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + _REST
_QWEN2 = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + _REST


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """How a text is cut into words.

    Attributes
    ----------
    whole_words : a word that is a token as it stands is taken at once, whatever its merges would give.
    add_bos : begin with BOS unless the file says otherwise.
    """

    pattern: str
    whole_words: bool = False
    add_bos: bool = False

    def split(self, text: str) -> list[str]:
        """Return the words of a text; joined, they are the text."""
        words: list[str] = _compiled(self.pattern).findall(text)
        return words


@cache
def _compiled(pattern: str) -> Any:
    import regex

    return regex.compile(pattern)


_FAMILIES = (
    (
        PreTokenizer(GPT2),
        ("gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "exaone4"),
    ),
    (
        PreTokenizer(_SMOLLM),
        ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone"),
    ),
    (PreTokenizer(_LLAMA3), ("dbrx", "smaug-bpe")),
    (
        PreTokenizer(_LLAMA3, whole_words=True, add_bos=True),
        ("llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "lfm2"),
    ),
    (PreTokenizer(_QWEN2), ("qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan")),
)
PRE_TOKENIZERS = {name: pre_tokenizer for pre_tokenizer, names in _FAMILIES for name in names}


def pre_tokenizer_named(file_name: str, name: str) -> PreTokenizer:
    """Return the pre-tokenizer of a name.

    Raises
    ------
    UnknownPreTokenizerError : it is not implemented, or the file names none.
    """
    try:
        return PRE_TOKENIZERS[name]
    except KeyError:
        raise UnknownPreTokenizerError(file_name, name, tuple(PRE_TOKENIZERS)) from None
