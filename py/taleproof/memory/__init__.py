# SPDX-License-Identifier: Apache-2.0
"""The arena: one WebAssembly memory for weights, cache and scratch, on which the kernels run."""
