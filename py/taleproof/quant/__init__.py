# SPDX-License-Identifier: Apache-2.0
"""Block types: the table of how weights are stored, and their decoders in NumPy, one type a file.

In come the bytes of blocks, out go float32 weights. The decoders are the truth for the kernels. Types that
GGUF knows and this package can't decode are in GGUF_TYPE_NAMES only, so that an error can name them.
"""

from taleproof.quant.block import BlockType
from taleproof.quant.fp4.mxfp4 import MXFP4
from taleproof.quant.fp4.nvfp4 import NVFP4
from taleproof.quant.iq.iq1_m import IQ1_M
from taleproof.quant.iq.iq1_s import IQ1_S
from taleproof.quant.iq.iq2_s import IQ2_S
from taleproof.quant.iq.iq2_xs import IQ2_XS
from taleproof.quant.iq.iq2_xxs import IQ2_XXS
from taleproof.quant.iq.iq3_s import IQ3_S
from taleproof.quant.iq.iq3_xxs import IQ3_XXS
from taleproof.quant.iq.iq4_nl import IQ4_NL
from taleproof.quant.iq.iq4_xs import IQ4_XS
from taleproof.quant.k.q2_k import Q2_K
from taleproof.quant.k.q3_k import Q3_K
from taleproof.quant.k.q4_k import Q4_K
from taleproof.quant.k.q5_k import Q5_K
from taleproof.quant.k.q6_k import Q6_K
from taleproof.quant.k.q8_k import Q8_K
from taleproof.quant.plain.bf16 import BF16
from taleproof.quant.plain.f8 import F8_E4M3, F8_E5M2
from taleproof.quant.plain.f16 import F16
from taleproof.quant.plain.f32 import F32
from taleproof.quant.plain.f64 import F64
from taleproof.quant.plain.integers import I8, I16, I32, I64, U8
from taleproof.quant.simple.q1_0 import Q1_0
from taleproof.quant.simple.q4_0 import Q4_0
from taleproof.quant.simple.q4_1 import Q4_1
from taleproof.quant.simple.q5_0 import Q5_0
from taleproof.quant.simple.q5_1 import Q5_1
from taleproof.quant.simple.q8_0 import Q8_0
from taleproof.quant.simple.q8_1 import Q8_1
from taleproof.quant.simple.q8_group import q8_group
from taleproof.quant.ternary.tq1_0 import TQ1_0
from taleproof.quant.ternary.tq2_0 import TQ2_0


BLOCK_TYPES: dict[str | int, BlockType] = {}
"""The types that can be decoded, by name and by GGUF number."""
for _type in (
    *(F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0),
    *(Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4, TQ1_0, TQ2_0),
    *(IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, NVFP4, Q1_0, Q8_1, Q8_K),
    *(F64, F8_E4M3, F8_E5M2, I8, U8, I16, I32, I64),
):
    BLOCK_TYPES[_type.name] = _type
    if _type.gguf_id is not None:
        BLOCK_TYPES[_type.gguf_id] = _type

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


__all__ = ["BLOCK_TYPES", "GGUF_TYPE_NAMES", "BlockType", "q8_group", "row_bytes"]
