# SPDX-License-Identifier: Apache-2.0
"""GGUF: read, written, and joined of several files."""
