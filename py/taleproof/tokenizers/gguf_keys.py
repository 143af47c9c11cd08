"""A tokenizer that lies beside its model, as the keys that a GGUF file has for it.

In comes a tokenizer.bin (llama2.c), or a tokenizer.json with its tokenizer_config.json (Hugging Face); out go
tokenizer.* keys. Of tokenizer.json those with byte-level BPE, and a pre-tokenizer that GGUF has a name for, are
taken. Refused with a ConversionError that names the part: all others, because GGUF's kinds say less than
tokenizer.json does, and a tokenizer that is nearly right makes a model write nonsense.

Source: the GGUF specification's tokenizer keys; https://huggingface.co/docs/tokenizers
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..errors import ConversionError
from ..formats import Value
from ..formats.json_text import read_object
from ..reader import Blob
from .llama2c import BOS, EOS, FIRST_BYTE, UNKNOWN, read_pieces
from .vocabulary import MAX_TOKENS, PREFIX, TokenType
from .wordpiece import LOWERCASE_KEY, WORD_START


CONTINUES = "##"
"""Begins a piece of WordPiece that goes on within a word."""

MAX_JSON = 64 << 20
"""Bytes of a tokenizer.json: the largest have some 35 MB."""

_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
_SPLITS = {_LLAMA3: "llama-bpe", _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}"): "qwen2"}
"""Expressions that cut text into words, with GGUF's names for them."""


def keys_of_tokenizer_bin(blob: Blob, vocab_size: int) -> dict[str, Value]:
    """Return the keys for llama2.c's tokenizer.bin: the SentencePiece kind, where a space is written as "▁"."""
    pieces, scores = read_pieces(blob, vocab_size)
    tokens = [piece.replace(" ", "▁") for piece in pieces]
    tokens[UNKNOWN], tokens[BOS], tokens[EOS] = "<unk>", "<s>", "</s>"
    types = np.full(vocab_size, TokenType.NORMAL, "<i4")
    types[FIRST_BYTE : FIRST_BYTE + 256] = TokenType.BYTE
    types[UNKNOWN], types[[BOS, EOS]] = TokenType.UNKNOWN, TokenType.CONTROL
    return {
        PREFIX + "model": "llama",
        PREFIX + "tokens": tokens,
        PREFIX + "scores": np.array(scores, "<f4"),
        PREFIX + "token_type": types,
        PREFIX + "unknown_token_id": UNKNOWN,
        PREFIX + "bos_token_id": BOS,
        PREFIX + "eos_token_id": EOS,
        PREFIX + "eot_token_id": BOS,  # it stands between the stories of the training data, so run.c stops at it
        PREFIX + "add_bos_token": True,
        PREFIX + "add_space_prefix": True,
    }


def keys_of_tokenizer_json(blob: Blob, config: Blob | None) -> dict[str, Value]:
    """Return the keys for a tokenizer.json.

    Raises
    ------
    FormatError : it is no tokenizer.json.
    ConversionError : a kind or a part of it that GGUF has no keys for.
    """
    said = read_object(blob.read(0, blob.size), blob.name, "content", MAX_JSON)
    settings = {} if config is None else read_object(config.read(0, config.size), config.name, "content", MAX_JSON)
    try:
        if said["model"].get("type") == "WordPiece":
            return dict(_wordpiece(blob.name, said))
        return dict(_byte_level(blob.name, said, settings))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        raise ConversionError(blob.name, "its structure", "this is no tokenizer.json as it should be") from None


def _byte_level(name: str, said: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    model = said["model"]
    kind = model.get("type", "BPE")
    if kind != "BPE" or model.get("byte_fallback") or said.get("normalizer") is not None:
        why = "only byte-level BPE without a normalizer has keys in GGUF; convert from the model's GGUF file instead"
        raise ConversionError(name, f"the tokenizer's kind, {kind}", why)
    tokens, types = _tokens(name, model["vocab"], said.get("added_tokens") or [])
    yield PREFIX + "model", "gpt2"
    yield PREFIX + "pre", _pre_tokenizer(name, said["pre_tokenizer"])
    yield PREFIX + "tokens", tokens
    yield PREFIX + "token_type", np.array(types, "<i4")
    yield PREFIX + "merges", [_merge(merge) for merge in model["merges"]]
    ids = {token: number for number, token in enumerate(tokens)}
    for key, role in (("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding")):
        text = settings.get(key)
        text = text.get("content") if isinstance(text, dict) else text
        if text is not None:
            yield f"{PREFIX}{role}_token_id", ids[text]
            if role == "bos":
                yield PREFIX + "add_bos_token", bool(settings.get("add_bos_token")) or text in _first_added(said)
    template = settings.get("chat_template")
    if isinstance(template, str):
        yield "tokenizer.chat_template", template


def _wordpiece(name: str, said: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    model, normalizer = said["model"], said["normalizer"]
    if said["pre_tokenizer"]["type"] != "BertPreTokenizer" or normalizer["type"] != "BertNormalizer":
        raise ConversionError(name, "its normalizer or pre-tokenizer", "of WordPiece only BERT's own are known")
    lowercase = bool(normalizer["lowercase"])
    accents = normalizer.get("strip_accents")
    usual = normalizer.get("clean_text") and normalizer.get("handle_chinese_chars")
    if not usual or accents not in (None, lowercase) or model["continuing_subword_prefix"] != CONTINUES:
        raise ConversionError(name, "its settings", "they are others than BERT's")
    tokens, types = _tokens(name, model["vocab"], said.get("added_tokens") or [])
    ids = {token: number for number, token in enumerate(tokens)}
    normal = (TokenType.NORMAL, TokenType.USER_DEFINED)
    yield PREFIX + "model", "bert"
    yield (
        PREFIX + "tokens",
        [_piece(token) if kind in normal else token for token, kind in zip(tokens, types, strict=True)],
    )
    yield PREFIX + "token_type", np.array(types, "<i4")
    yield LOWERCASE_KEY, lowercase
    yield PREFIX + "unknown_token_id", ids[model["unk_token"]]
    before, after = _around(said)
    for role, around in (("bos", before), ("eos", after)):
        yield f"{PREFIX}add_{role}_token", around is not None
        if around is not None:
            yield f"{PREFIX}{role}_token_id", ids[around]


def _piece(token: str) -> str:
    """Return a piece as GGUF writes it: those that begin a word are marked, instead of those that go on."""
    return token[len(CONTINUES) :] if token.startswith(CONTINUES) else WORD_START + token


def _around(said: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the tokens that the post-processor puts before and after a text."""
    processor = said["post_processor"]
    if processor["type"] == "BertProcessing":
        return processor["cls"][0], processor["sep"][0]
    single = processor["single"]
    ends = [part["SpecialToken"]["id"] if "SpecialToken" in part else None for part in (single[0], single[-1])]
    return ends[0], ends[1]


def _tokens(name: str, vocabulary: Mapping[str, int], added: list[Mapping[str, Any]]) -> tuple[list[str], list[int]]:
    """Return the tokens by id and their types; ids that nobody has become tokens that no text has."""
    by_id = {number: (token, TokenType.NORMAL) for token, number in vocabulary.items()}
    for entry in added:
        by_id[entry["id"]] = entry["content"], TokenType.CONTROL if entry["special"] else TokenType.USER_DEFINED
    count = max(by_id) + 1
    if min(by_id) < 0 or count > MAX_TOKENS:
        raise ConversionError(name, "its token ids", f"they are between 0 and {MAX_TOKENS:,}")
    if not all(isinstance(token, str) and type(number) is int for number, (token, _) in by_id.items()):
        raise TypeError
    tokens = [by_id.get(number, (f"[UNUSED{number}]", TokenType.UNUSED)) for number in range(count)]
    return [token for token, _ in tokens], [int(kind) for _, kind in tokens]


def _merge(merge: object) -> str:
    """Return a merge as GGUF writes it: two pieces with a space between them."""
    pieces = merge.split(" ") if isinstance(merge, str) else merge
    if not isinstance(pieces, list) or len(pieces) != 2 or " " in pieces[0] + pieces[1]:
        raise ValueError
    return " ".join(pieces)


def _pre_tokenizer(name: str, said: Mapping[str, Any]) -> str:
    """Return GGUF's name for a pre-tokenizer."""
    parts = said["pretokenizers"] if said["type"] == "Sequence" else [said]
    byte_level = parts[-1]
    if byte_level["type"] == "ByteLevel" and not byte_level.get("add_prefix_space"):
        before = parts[:-1]
        if byte_level.get("use_regex", True):
            if not before:
                return "gpt-2"
            if [part["type"] for part in before] == ["Digits"] and before[0].get("individual_digits"):
                return "smollm"
        elif [part["type"] for part in before] == ["Split"] and before[0]["behavior"] == "Isolated":
            found = _SPLITS.get(before[0]["pattern"].get("Regex", ""))
            if found is not None and not before[0].get("invert"):
                return found
    why = "GGUF has no name for this way of cutting text into words, or none that is known here"
    raise ConversionError(name, f"its pre-tokenizer, {said['type']}", why)


def _first_added(said: Mapping[str, Any]) -> set[str]:
    """Return the tokens that the post-processor puts before a text."""
    processor = said.get("post_processor") or {}
    processors = processor.get("processors", [processor])
    singles = [part["single"][0] for part in processors if part.get("type") == "TemplateProcessing"]
    return {first["SpecialToken"]["id"] for first in singles if "SpecialToken" in first}
