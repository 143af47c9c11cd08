# SPDX-License-Identifier: Apache-2.0
"""The tokenizers package's tokenizers of the vocabularies that GGUF files have."""

import numpy as np
from tokenizers import AddedToken, Regex, models, pre_tokenizers
from tokenizers import Tokenizer as Reference

from taleproof.formats import ModelFile


# As the tokenizer.json files of GPT-2's heirs have them; other cases of 's as llama.cpp does.
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLITTERS: dict[str, list[pre_tokenizers.PreTokenizer]] = {
    "gpt-2": [pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "smollm": [
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ],
    "llama-bpe": [
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ],
    "qwen2": [
        pre_tokenizers.Split(Regex(LLAMA3.replace("{1,3}", "")), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ],
}


def reference(file: ModelFile, pre: str) -> Reference:
    """Return the tokenizers package's tokenizer of the same vocabulary and merges."""
    tokens = file.texts("tokenizer.ggml.tokens")
    merges = [(left, right) for left, _, right in (pair.partition(" ") for pair in file.texts("tokenizer.ggml.merges"))]
    whole_words = pre == "llama-bpe"
    found = Reference(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges, ignore_merges=whole_words))
    found.pre_tokenizer = pre_tokenizers.Sequence(SPLITTERS[pre])
    types = file.numbers("tokenizer.ggml.token_type")
    found.add_special_tokens([AddedToken(tokens[i], normalized=False) for i in np.flatnonzero(types == 3)])
    found.add_tokens([AddedToken(tokens[i], normalized=False) for i in np.flatnonzero(types == 4)])
    return found
