# SPDX-License-Identifier: Apache-2.0
"""What architectures share: what one is, decoders' layers and settings, and how config.json and tensors are renamed."""
