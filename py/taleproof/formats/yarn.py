# SPDX-License-Identifier: Apache-2.0
"""The magnitude that YaRN has by itself. GGUF keeps what it is multiplied with, config.json the product of both.

All arithmetic is decimal, as in graph/rope.py. Source: YaRN (arXiv 2309.00071).
"""

from decimal import Context, Decimal


_EXACT = Context(prec=34)


def yarn_magnitude(factor: Decimal, weight: Decimal = Decimal(1)) -> Decimal:
    """Return what cosines and sines are multiplied with (equation 22), for texts ``factor`` times as long.

    The weight is DeepSeek's mscale. Texts that are no longer need none: it is 1 for a factor of at most 1.
    """
    return 1 + weight * Decimal("0.1") * _EXACT.ln(factor) if factor > 1 else Decimal(1)
