# SPDX-License-Identifier: Apache-2.0
"""tokenizer.json, the format of Hugging Face's library: a text goes through stages, each a part of the file.

In come the file and the tokenizer_config.json beside it; out goes a Tokenizer. Refused, by name: parts and settings
that are not known, because without them the model would read another text than it was trained on.

Read on in this order: part.py (how a part is read), normalizers.py, added.py, pre_tokenizers.py, models.py,
post_processors.py, decoders.py (the stages), vocabulary.py (all tokens), pipeline.py (the whole).

Source: https://huggingface.co/docs/tokenizers; the ids are those of its library.
"""

from taleproof.tokenizers.huggingface.pipeline import PipelineTokenizer, read_tokenizer_json


__all__ = ["PipelineTokenizer", "read_tokenizer_json"]
