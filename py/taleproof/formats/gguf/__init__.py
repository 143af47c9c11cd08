"""GGUF: read, written, and joined of several files."""
