# SPDX-License-Identifier: Apache-2.0
"""Print what the numbers in a traced program mean, as JSON: {"ops": {number: name}, "types": {number: {...}}}."""

import json

from taleproof.graph.opcodes import Op
from taleproof.quant import BLOCK_TYPES


types = {number: block for number, block in BLOCK_TYPES.items() if isinstance(number, int)}
print(
    json.dumps(
        {
            "ops": {op.value: op.name.lower() for op in Op},
            "types": {
                number: {"name": block.name, "elements": block.elements, "bytes": block.nbytes}
                for number, block in types.items()
            },
        }
    )
)
