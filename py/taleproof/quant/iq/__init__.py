# SPDX-License-Identifier: Apache-2.0
"""I-quants: weights are points of a grid, or values of a table."""
