# SPDX-License-Identifier: Apache-2.0
"""A tokenizer that lies beside its model, as the keys that a GGUF file has for it.

In comes a tokenizer.bin (llama2.c), or a tokenizer.json with its tokenizer_config.json (Hugging Face); out go
tokenizer.* keys. Of tokenizer.json those with byte-level BPE, and a pre-tokenizer that GGUF has a name for, are
taken. Refused with a ConversionError that names the part: all others, because GGUF's kinds say less than
tokenizer.json does, and a tokenizer that is nearly right makes a model write nonsense. One exception is made, as
llama.cpp's converter makes it: GGUF has no key for the normal form NFC, which all of Qwen's tokenizers ask for.

Source: the GGUF specification's tokenizer keys; https://huggingface.co/docs/tokenizers; for NFC and for rows of the
embedding without a token: https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from taleproof.errors import ConversionError
from taleproof.formats import ModelFile, Value
from taleproof.formats.huggingface.beside import MAX_TOKENIZER_CONFIG, read_beside
from taleproof.io.reader import Blob
from taleproof.tokenizers.algorithms.wordpiece import WORD_START
from taleproof.tokenizers.llama2c import BOS, EOS, FIRST_BYTE, UNKNOWN, read_pieces
from taleproof.tokenizers.vocabulary import LOWERCASE_KEY, MAX_JSON, MAX_TOKENS, PREFIX, TokenType


CONTINUES = "##"
"""Begins a piece of WordPiece that goes on within a word."""

_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
_QWEN2 = _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
_SPLITS = {(_LLAMA3, True): "llama-bpe", (_LLAMA3, False): "smaug-bpe", (_QWEN2, False): "qwen2"}
"""GGUF's names: by the expression that cuts text into words, and whether a word that is a token is taken whole."""

_NFC_NOTE = (
    "the tokenizer asks for the normal form NFC, which a GGUF file can't say: texts that NFC changes get other tokens"
)


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


@dataclass(frozen=True, slots=True)
class TokenizerKeys:
    """A tokenizer's keys, and sentences about what they do not say of it."""

    keys: Mapping[str, Value]
    notes: tuple[str, ...] = ()


def keys_of_tokenizer_json(file: ModelFile, blob: Blob, config: Blob | None) -> TokenizerKeys:
    """Return the keys for a tokenizer.json.

    Parameters
    ----------
    file : the model that it belongs to: there are as many tokens as its embedding has rows.
    config : the tokenizer_config.json beside it.

    Raises
    ------
    FormatError : it is no tokenizer.json.
    ConversionError : a kind or a part of it that GGUF has no keys for.
    """
    said = read_beside(blob, MAX_JSON)
    settings = {} if config is None else read_beside(config, MAX_TOKENIZER_CONFIG)
    try:
        if said["model"].get("type") == "WordPiece":
            return TokenizerKeys(dict(_wordpiece(file, blob.name, said)))
        notes = _notes(blob.name, said)
        return TokenizerKeys(dict(_byte_level(file, blob.name, said, settings)), notes)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        raise ConversionError(blob.name, "its structure", "this is no tokenizer.json as it should be") from None


def _notes(name: str, said: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what GGUF can't say of a normalizer. Any but NFC is refused: others change nearly every text."""
    normalizer = said.get("normalizer")
    if normalizer is None:
        return ()
    steps = normalizer["normalizers"] if normalizer["type"] == "Sequence" else [normalizer]
    kinds = [step["type"] for step in steps]
    if any(kind != "NFC" for kind in kinds):
        why = "GGUF has no key for it; take a GGUF file of the same model, which its authors may offer"
        raise ConversionError(name, f"its normalizer, {', '.join(kinds)}", why)
    return (_NFC_NOTE,) if kinds else ()


def _byte_level(
    file: ModelFile, name: str, said: Mapping[str, Any], settings: Mapping[str, Any]
) -> Iterator[tuple[str, Value]]:
    model = said["model"]
    kind = model.get("type", "BPE")
    if kind != "BPE" or model.get("byte_fallback"):
        why = "only byte-level BPE has keys in GGUF; take a GGUF file of the same model, which its authors may offer"
        raise ConversionError(name, f"the tokenizer's kind, {kind}", why)
    tokens, types = _tokens(file, name, said)
    yield PREFIX + "model", "gpt2"
    yield PREFIX + "pre", _pre_tokenizer(name, said["pre_tokenizer"], bool(model.get("ignore_merges")))
    yield PREFIX + "tokens", tokens
    yield PREFIX + "token_type", np.array(types, "<i4")
    yield PREFIX + "merges", [_merge(merge) for merge in model["merges"]]
    ids = {token: number for number, token in enumerate(tokens)}
    roles = {}
    for key, role in (("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding")):
        text = settings.get(key)
        text = text.get("content") if isinstance(text, dict) else text
        if text in ids:
            roles[role] = ids[text]
            if role == "bos":
                yield PREFIX + "add_bos_token", bool(settings.get("add_bos_token")) or text in _first_added(said)
    # The other tokens that end a text have GGUF's keys for the ends of a turn and of a message.
    ends = [token for token in file.end_tokens if token < len(tokens) and token != roles.get("eos")]
    free = [role for role in ("eos", "eot", "eom") if role not in roles]
    roles.update(zip(free, ends, strict=False))
    for role, token in roles.items():
        yield f"{PREFIX}{role}_token_id", token


def _wordpiece(file: ModelFile, name: str, said: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    model, normalizer = said["model"], said["normalizer"]
    if said["pre_tokenizer"]["type"] != "BertPreTokenizer" or normalizer["type"] != "BertNormalizer":
        raise ConversionError(name, "its normalizer or pre-tokenizer", "of WordPiece only BERT's own are known")
    lowercase = bool(normalizer["lowercase"])
    accents = normalizer.get("strip_accents")
    usual = normalizer.get("clean_text") and normalizer.get("handle_chinese_chars")
    if not usual or accents not in (None, lowercase) or model["continuing_subword_prefix"] != CONTINUES:
        raise ConversionError(name, "its settings", "they are others than BERT's")
    tokens, types = _tokens(file, name, said)
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


def _tokens(file: ModelFile, name: str, said: Mapping[str, Any]) -> tuple[list[str], list[int]]:
    """Return the tokens by id and their types; an id without a token gets a filler, which no text contains.

    There are as many as rows of the embedding, without which llama.cpp refuses a file: embeddings are often padded.
    An added token without a row, such as Gemma 3's for pictures, is left out.
    """
    by_id = {number: (token, TokenType.NORMAL) for token, number in said["model"]["vocab"].items()}
    embedding = file.tensors.get("token_embd.weight")
    rows = None if embedding is None else embedding.shape[0]
    if rows is not None and max(by_id, default=0) >= rows:
        why = f"the model has {rows:,} tokens, so this is another model's tokenizer"
        raise ConversionError(name, f"token {max(by_id):,}", why)
    for entry in said.get("added_tokens") or []:
        if rows is None or entry["id"] < rows:
            kind = TokenType.CONTROL if entry["special"] else TokenType.USER_DEFINED
            by_id[entry["id"]] = entry["content"], kind
    count = rows or max(by_id) + 1
    if min(by_id) < 0 or count > MAX_TOKENS:
        raise ConversionError(name, "its token ids", f"they are between 0 and {MAX_TOKENS:,}")
    if not all(isinstance(token, str) and type(number) is int for number, (token, _) in by_id.items()):
        raise TypeError
    tokens = [by_id.get(number, (f"[PAD{number}]", TokenType.UNUSED)) for number in range(count)]
    return [token for token, _ in tokens], [int(kind) for _, kind in tokens]


def _merge(merge: object) -> str:
    """Return a merge as GGUF writes it: two pieces with a space between them."""
    pieces = merge.split(" ") if isinstance(merge, str) else merge
    if not isinstance(pieces, list) or len(pieces) != 2 or " " in pieces[0] + pieces[1]:
        raise ValueError
    return " ".join(pieces)


def _pre_tokenizer(name: str, said: Mapping[str, Any], whole_words: bool) -> str:
    """Return GGUF's name for a pre-tokenizer, and for whether a word that is a token is taken whole."""
    parts = said["pretokenizers"] if said["type"] == "Sequence" else [said]
    byte_level = parts[-1]
    if byte_level["type"] == "ByteLevel" and not byte_level.get("add_prefix_space"):
        before = parts[:-1]
        if byte_level.get("use_regex", True) and not whole_words:
            if not before:
                return "gpt-2"
            if [part["type"] for part in before] == ["Digits"] and before[0].get("individual_digits"):
                return "smollm"
        elif [part["type"] for part in before] == ["Split"] and before[0]["behavior"] == "Isolated":
            found = _SPLITS.get((before[0]["pattern"].get("Regex", ""), whole_words))
            if found is not None and not before[0].get("invert"):
                return found
    why = (
        "GGUF has no name for this way of cutting text into words, or none that is known here; take a GGUF file of the "
        "same model, which its authors may offer"
    )
    raise ConversionError(name, f"its pre-tokenizer, {said['type']}", why)


def _first_added(said: Mapping[str, Any]) -> set[str]:
    """Return the tokens that the post-processor puts before a text."""
    processor = said.get("post_processor") or {}
    processors = processor.get("processors", [processor])
    singles = [part["single"][0] for part in processors if part.get("type") == "TemplateProcessing"]
    return {first["SpecialToken"]["id"] for first in singles if "SpecialToken" in first}
