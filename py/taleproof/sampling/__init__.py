# SPDX-License-Identifier: Apache-2.0
"""From logits to a token: the chain of filters, the random generator, and digests of what was chosen from."""
