# SPDX-License-Identifier: Apache-2.0
"""What a model is used for: to generate, to embed, to score."""
