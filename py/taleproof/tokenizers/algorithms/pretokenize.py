# SPDX-License-Identifier: Apache-2.0
r"""Pre-tokenizers: the regular expressions that cut a text into words before BPE, and how BPE then writes the words.

In comes the name that GGUF's tokenizer.ggml.pre gives, out comes a PreTokenizer. A name that is not in
the table is refused: another expression would give other ids than the model was trained on. So is a file that names
none. llama.cpp takes "default" there, and warns of it: no model was trained with that one, so its texts would be wrong.

Source: the names and expressions of llama.cpp's llama-vocab.cpp, and what its unicode.cpp makes of them: \p{Lu} and
its like are \p{L} there, \d is ASCII. The tokenizer.json files of GPT-2, Llama 3, Qwen2 and SmolLM agree. The
``regex`` package is loaded at first use: it knows \p{L} and \p{N}, which ``re`` does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from taleproof.errors import UnknownPreTokenizerError
from taleproof.tokenizers.algorithms.spm import SPACE
from taleproof.tokenizers.unicode.characters import SPACES


GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# GPT-2's after each digit has been set apart, in one expression: for spaces, a digit is like the text's end.
_SMOLLM = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+"
_CONTRACTIONS = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_LLAMA3 = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + _REST
_QWEN2 = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + _REST
_QWEN35 = _CONTRACTIONS + (
    r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_RUNS_OF_SPACES = "|".join(rf"\s{{{count}}}(?!\S)" for count in (512, 256, 128, 64, 32, 16, 8, 4))
_JAIS2 = _LLAMA3.removesuffix(r"|\s+(?!\S)|\s+") + "|" + _RUNS_OF_SPACES + r"|\s{1,2}(?!\S)|\s"
_BAILING = (
    r"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
_SEED = _CONTRACTIONS + (r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+")
_EXAONE_MOE = _CONTRACTIONS + (
    r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?"
    r"|\s*[\r\n]|\s+(?!\S)|\s+"
)
_SLASH_REST = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def _cased(letter: str, contractions: str, digits: str) -> str:
    """Return GPT-4o's expression: words that are cut where a small letter comes before a capital one."""
    large, small = rf"(?:(?={letter})[^a-z])", rf"(?:(?={letter})[^A-Z])"
    before = r"[^\r\n\p{L}\p{N}]?"
    words = (f"{before}{large}*{small}+{contractions}", f"{before}{large}+{small}*{contractions}")
    return "|".join((*words, digits, _SLASH_REST))


_THREE_DIGITS = r"\p{N}{1,3}"
_TEKKEN = _cased(r"\p{L}", "", r"\p{N}")
_GPT4O = _cased(r"\p{L}", _CONTRACTIONS + "?", _THREE_DIGITS)
_GRANITE_EMBEDDING = _cased(r"[\p{L}\p{M}]", _CONTRACTIONS + "?", _THREE_DIGITS)
_UNCASED = rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+{_CONTRACTIONS}?|"  # llama.cpp takes \p{Lu} and \p{Ll} for \p{L}
_HAN = (
    r"[\u4E00-\u9FFF\u3400-\u4DBF\U00020000-\U0002A6DF\U0002A700-\U0002B81F\U0002B820-\U0002EBEF\uF900-\uFAFF"
    r"\U0002F800-\U0002FA1F]"
)
_KIMI = rf"{_HAN}+|[^\r\n\p{{L}}\p{{N}}]?(?:(?!{_HAN})\p{{L}})+{_CONTRACTIONS}?|\p{{N}}{{1,3}}|" + _REST

_DEEPSEEK_LETTERS = (
    r"A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373"
    r"\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-"
    r"\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-"
    r"\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D"
    r"\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-"
    r"\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-"
    r"\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-"
    r"\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-"
    r"\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\U00010400-\U0001044F\U000104B0-\U000104D3\U000104D8-"
    r"\U000104FB\U00010C80-\U00010CB2\U00010CC0-\U00010CF2\U000118A0-\U000118DF\U0001E900-\U0001E943"
)
_AFMOE_ASIAN = (
    r"\u4E00-\u9FFF\u3400-\u4DBF\u8C48-\uFAFF\u3040-\u309F\u30A0-\u30FF\uFF65-\uFF9F\u2F00-\u2FDF\u0E40-\u0E7F"
    r"\u0E80-\u0EFF\u1780-\u17FF\u1000-\u109F\uAA60-\uAA7F\uA9E0-\uA9FF\uAC00-\uD7AF\u1100-\u11FF"
)
_DEEPSEEK_MARKS = r"!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002"
_CJK = (
    r"(?:(?!\s)[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF])+"  # llama.cpp has no white space in any range of characters
)
_JAPANESE = r"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+"
_LINES = r"[^\n]+|\n+"
_YOUTU_ASIAN = "|".join(
    (
        r"[\uAC00-\uD7A3\u3131-\u318E]+",
        r"[\uFF01\u2026\u201C\u201D\u2018\u2019\u2014\uFF1A\uFF1B\uFF0C\u3001-\u303F\uFE30-\uFE4F]+",
        r"[\u3105-\u312F]+",
        r"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
    )
)
_ASCII_MARK = r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"
_MARKED_WORDS = _ASCII_MARK + r"[A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
_DEEPSEEK3 = _MARKED_WORDS + r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_SPARK = _MARKED_WORDS + r"| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+"
_BLOOM = r" ?[^(\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+"
# A run of digits is cut in threes from its end; llama.cpp leaves what stands before the run with its first digits.
# After a cut inside a run the next one is three digits on, so that the run's end is looked for once.
_AFMOE_DIGITS = r"(?<=\p{N})\p{N}{3}|\P{N}*\p{N}{1,3}?(?=(?:\p{N}{3})*+(?!\p{N}))"
_SUPERBPE_DIGITS = r"(?<=[0-9])[0-9]{3}(?=[0-9])|(?s:.)(?:(?!(?:[0-9]{3})++(?![0-9]))(?s:.))*"


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """How a text is cut into words.

    Attributes
    ----------
    patterns : each cuts what the one before it left, into its matches and what lies between them.
    whole_words : a word that is a token as it stands is taken at once, whatever its merges would give.
    add_bos : begin with BOS unless the file says otherwise.
    always_bos : begin with BOS even where the file says otherwise: Gemma 4's first files said so by mistake.
    in_bytes : the vocabulary writes a word as a printable character for each of its bytes; otherwise as it is.
    space : how the vocabulary writes a space.
    whole_lines : line ends in a row that are a token are taken at once.
    """

    patterns: tuple[str, ...]
    whole_words: bool = False
    add_bos: bool = False
    always_bos: bool = False
    in_bytes: bool = True
    space: str = " "
    whole_lines: bool = False

    def split(self, text: str) -> list[str]:
        """Return the words of a text; joined, they are the text."""
        words = [text]
        for pattern in self.patterns:
            words = [piece for word in words for piece in _cut(pattern, word)]
        return words


def _cut(pattern: str, text: str) -> Iterator[str]:
    """Yield what an expression matches, and what lies between its matches."""
    done = 0
    for match in _compiled(pattern).finditer(text):
        start, end = match.span()
        if done < start:
            yield text[done:start]
        if start < end:
            yield text[start:end]
        done = end
    if done < len(text):
        yield text[done:]


@cache
def _compiled(pattern: str) -> Any:
    import regex

    return regex.compile(pattern)


_MARKS = r"[\p{P}$+<=>^~|]+"

_FAMILIES = (
    (
        PreTokenizer((GPT2,)),
        (
            *("gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "exaone4", "granite-docling", "gigachat", "a.x-4.0"),
            *("mellum", "modern-bert", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de"),
            *("jina-v1-en", "jina-v2-code", "roberta-bpe"),
        ),
    ),
    (
        PreTokenizer((_SMOLLM,)),
        ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"),
    ),
    (PreTokenizer((_LLAMA3,)), ("dbrx", "smaug-bpe", "glm4", "chatglm-bpe")),
    (
        PreTokenizer((_LLAMA3,), whole_words=True, add_bos=True),
        (
            *("llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "lfm2", "midm-2.0"),
            "jina-v5-nano",
        ),
    ),
    (
        PreTokenizer((_QWEN2,)),
        (
            *("qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "kormo", "f2llmv2", "solar-open"),
            "grok-2",
        ),
    ),
    (PreTokenizer((_QWEN35,)), ("qwen35",)),
    (PreTokenizer((_QWEN2.removeprefix(_CONTRACTIONS + "|"),)), ("ufakzeka",)),
    (PreTokenizer((_LINES, _QWEN2)), ("laguna",)),
    (PreTokenizer((_JAIS2,)), ("jais-2",)),
    (PreTokenizer((_BAILING,)), ("bailingmoe", "bailingmoe2", "llada-moe")),
    (PreTokenizer((_SEED,)), ("seed-coder",)),
    (PreTokenizer((_EXAONE_MOE,)), ("exaone-moe",)),
    (PreTokenizer((_TEKKEN,), whole_words=True, add_bos=True), ("tekken",)),
    (PreTokenizer((_GPT4O,)), ("gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2")),
    (PreTokenizer((_GRANITE_EMBEDDING,), whole_words=True), ("granite-embed-multi-97m",)),
    (PreTokenizer((_KIMI,)), ("kimi-k2",)),
    (PreTokenizer((_AFMOE_DIGITS, _UNCASED + _THREE_DIGITS + "|" + _SLASH_REST)), ("tiny_aya", "cohere2moe")),
    (
        PreTokenizer((_LINES,), always_bos=True, in_bytes=False, space=SPACE, whole_lines=True),
        ("gemma4", "granite-embed-multi-311m"),
    ),
    (PreTokenizer((_LINES,), in_bytes=False, space=SPACE), ("sarvam-moe",)),
    (PreTokenizer((rf"[^{SPACES}]+",), in_bytes=False), ("whitespace",)),
    (PreTokenizer((_YOUTU_ASIAN, _UNCASED + r"\p{N}|" + _SLASH_REST), whole_words=True), ("youtu",)),
    (
        PreTokenizer(
            (r"[\r\n]", rf"\s?[{_DEEPSEEK_LETTERS}]+", rf"\s?(?:(?!\s)[{_DEEPSEEK_MARKS}])+", r"\s+\Z", _CJK, r"\p{N}+")
        ),
        ("deepseek-llm",),
    ),
    (PreTokenizer((r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", _CJK, r"\p{N}")), ("deepseek-coder",)),
    (PreTokenizer((_THREE_DIGITS, _JAPANESE, _DEEPSEEK3)), ("deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4")),
    (PreTokenizer((_THREE_DIGITS, _JAPANESE, _SPARK, r"\p{N}")), ("spark2_5",)),
    (PreTokenizer((_AFMOE_DIGITS, f"[{_AFMOE_ASIAN}]+", _DEEPSEEK3)), ("afmoe",)),
    (PreTokenizer((r"[\p{P}$+<=>^~|`]+", GPT2, r"[0-9]{3}")), ("falcon",)),
    (PreTokenizer((_MARKS, GPT2, r"\p{N}+", r"[0-9]{3}")), ("default",)),
    (PreTokenizer((_BLOOM,)), ("bloom", "poro-chat", "gpt3-finnish")),
    (PreTokenizer((_BLOOM, r"\p{N}")), ("viking",)),
    (
        PreTokenizer((_THREE_DIGITS, _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}+")), whole_words=True),
        ("minicpm5",),
    ),
    (PreTokenizer((r"\p{N}+", _SUPERBPE_DIGITS)), ("superbpe",)),
    (
        PreTokenizer(
            (
                *(r"<sentinel:[0-9]+>", r"IMGIMG[A-I]{1,4}Z", r"[\t\n]|    |  ", r"\p{N}"),
                *(r"[\p{P}!-/:-@\[-`{-~]", GPT2),
            ),
            add_bos=True,
        ),
        ("chameleon",),
    ),
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
