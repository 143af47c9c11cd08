"""From logits to a token: the chain of filters, the random generator, and digests of what was chosen from."""
