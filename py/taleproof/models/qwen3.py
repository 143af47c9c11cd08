# SPDX-License-Identifier: Apache-2.0
"""Qwen3: Qwen2's network with a norm of each head's query and key in the place of biases (arXiv 2505.09388).

The norms are in the file, where ``Weights.attention`` finds them.
"""

from taleproof.models.qwen2 import QWEN, from_gguf, load, qwen_keys
from taleproof.models.shared.architecture import Architecture, Family
from taleproof.models.shared.tensor_names import DECODER, HEAD_NORMS, TensorNames, biases_said


QWEN3 = Family(
    defaults={**QWEN, "head_dim": 128, "attention_bias": False},
    fixed={"hidden_act": ("silu",)},
    keys=qwen_keys,
    absent=lambda config: biases_said(attention=config.flag("attention_bias")),
)

ARCHITECTURE = Architecture(
    name="qwen3",
    tasks=("generate",),
    from_gguf=from_gguf,
    load=load,
    families={"qwen3": QWEN3},
    tensor_name=TensorNames({**DECODER, **HEAD_NORMS}),
)
