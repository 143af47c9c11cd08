# SPDX-License-Identifier: Apache-2.0
"""Chat: an opening in the model's own form, made by its chat template."""
