# SPDX-License-Identifier: Apache-2.0
"""Types whose weights are -1, 0 or 1 times a scale."""
