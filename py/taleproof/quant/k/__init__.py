# SPDX-License-Identifier: Apache-2.0
"""K-quants: super-blocks of 256 weights, whose scales are quantised too."""
