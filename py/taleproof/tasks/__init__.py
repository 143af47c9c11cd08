"""What a model is used for: to generate, to embed, to score."""
