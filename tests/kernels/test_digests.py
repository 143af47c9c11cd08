# SPDX-License-Identifier: Apache-2.0
"""The kernels are the bytes that the engine's source names, whoever compiled them, and wherever."""

import hashlib

from taleproof.memory.kernels import KERNEL_DIGESTS, KERNELS


def test_the_kernels_have_the_digests_in_the_source() -> None:
    built = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in KERNELS.glob("*.wasm")}
    assert built == KERNEL_DIGESTS
