# SPDX-License-Identifier: Apache-2.0
"""Qwen3: Qwen2's network with a norm of each head's query and key in the place of biases (arXiv 2505.09388).

The norms are in the file, where ``Weights.attention`` finds them.
"""

from taleproof.models.decoder import read_config
from taleproof.models.qwen2 import load


__all__ = ["load", "read_config"]
