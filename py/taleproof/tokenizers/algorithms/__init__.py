"""How a text becomes tokens: BPE, SentencePiece, Unigram, WordPiece, and what they are made of."""
