"""What a step runs on: how many threads."""
