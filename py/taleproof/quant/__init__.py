# SPDX-License-Identifier: Apache-2.0
"""Block types: the table of how weights are stored, and their decoders in NumPy, one type a file, by kind.

In come the bytes of blocks, out go float32 weights. The decoders are the truth for the kernels. Types that
GGUF knows and this package can't decode are in GGUF_TYPE_NAMES only, so that an error can name them.
"""

from importlib import import_module
from pkgutil import iter_modules

from taleproof.quant.block import BlockType
from taleproof.quant.simple.q8_group import q8_group


def _found() -> list[BlockType]:
    """Return the types of all modules in this package's folders, those with GGUF's numbers first, by number."""
    folders = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__) if found.ispkg]
    names = [f"{folder.__name__}.{found.name}" for folder in folders for found in iter_modules(folder.__path__)]
    types = [value for name in names for value in vars(import_module(name)).values() if isinstance(value, BlockType)]
    return sorted(types, key=lambda kind: (kind.gguf_id is None, kind.gguf_id or 0, kind.name))


BLOCK_TYPES: dict[str | int, BlockType] = {}
"""The types that can be decoded, by name and by GGUF number."""
for _type in _found():
    BLOCK_TYPES[_type.name] = _type
    if _type.gguf_id is not None:
        BLOCK_TYPES[_type.gguf_id] = _type

KERNEL_TYPES = frozenset(kind.name for kind in BLOCK_TYPES.values() if kind.activations)
"""Types that the kernels multiply with as they are."""

FLOAT_TYPES = frozenset(kind.name for kind in BLOCK_TYPES.values() if kind.activations == 32)
"""Of these, those that are floating-point numbers themselves."""

INT16_ACTIVATION_TYPES = frozenset(kind.name for kind in BLOCK_TYPES.values() if kind.activations == 16)
"""Of these, those that are multiplied with 16-bit activations: their weights are signed and have 8 bits."""

_NAMES = """
    F32 F16 Q4_0 Q4_1 Q4_2 Q4_3 Q5_0 Q5_1 Q8_0 Q8_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K IQ2_XXS IQ2_XS IQ3_XXS IQ1_S
    IQ4_NL IQ3_S IQ2_S IQ4_XS I8 I16 I32 I64 F64 IQ1_M BF16 Q4_0_4_4 Q4_0_4_8 Q4_0_8_8 TQ1_0 TQ2_0 IQ4_NL_4_4
    IQ4_NL_4_8 IQ4_NL_8_8 MXFP4 NVFP4 Q1_0
"""
GGUF_TYPE_NAMES = dict(enumerate(_NAMES.split()))
"""Every number that GGUF has given to a type, those withdrawn included, with its name."""


def row_bytes(block_type: BlockType, cols: int) -> int:
    """Return the bytes of a row of ``cols`` weights; ValueError where they are no whole number of blocks."""
    blocks, rest = divmod(cols, block_type.elements)
    if rest:
        raise ValueError(f"{cols} is not a multiple of {block_type.elements}, the block of {block_type.name}")
    return blocks * block_type.nbytes


__all__ = [
    "BLOCK_TYPES",
    "FLOAT_TYPES",
    "GGUF_TYPE_NAMES",
    "INT16_ACTIVATION_TYPES",
    "KERNEL_TYPES",
    "BlockType",
    "q8_group",
    "row_bytes",
]
