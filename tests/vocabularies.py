# SPDX-License-Identifier: Apache-2.0
"""Small tokenizers for tests, and the ids that other programs give with the same vocabularies."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from taleproof.formats import ModelFile


IDS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "fixtures" / "tokenizer_ids.json").read_text(encoding="utf-8")
)
TEXTS: list[str] = IDS["texts"]
BPE_NAMES = ("gpt-2", "smollm", "llama-bpe", "qwen2")


def model_file(metadata: Mapping[str, Any]) -> ModelFile:
    """Return a file of nothing but a tokenizer's metadata, its keys without their prefix."""
    keys = {f"tokenizer.ggml.{key}": value for key, value in metadata.items()}
    return ModelFile("test.gguf", "GGUF v3", "llama", keys, {}, 0)


def bpe_metadata(pre: str, **changes: Any) -> dict[str, Any]:
    """Return the metadata of a byte-level BPE tokenizer with some 560 tokens."""
    bpe = IDS["bpe"]
    metadata = {
        "model": "gpt2",
        "pre": pre,
        "tokens": bpe["tokens"],
        "token_type": np.array(bpe["types"], np.int32),
        "merges": bpe["merges"],
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    return metadata | changes


def spm_metadata(**changes: Any) -> dict[str, Any]:
    """Return the metadata of a SentencePiece-style tokenizer: tok512.bin's pieces as a GGUF file has them."""
    spm = IDS["spm"]
    metadata = {
        "model": "llama",
        "tokens": spm["pieces"],
        "token_type": np.array(spm["types"], np.int32),
        "scores": np.array(spm["scores"], np.float32),
        "bos_token_id": 1,
        "eos_token_id": 2,
        "unknown_token_id": 0,
    }
    return metadata | changes
