# SPDX-License-Identifier: Apache-2.0
"""What models are built from: layers, weights, the KV cache, and arithmetic with the same bits everywhere."""
