# SPDX-License-Identifier: Apache-2.0
"""How a text becomes tokens: BPE, SentencePiece, Unigram, WordPiece, and what they are made of."""
