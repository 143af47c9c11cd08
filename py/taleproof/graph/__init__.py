# SPDX-License-Identifier: Apache-2.0
"""The operations that a model is made of, computed by NumPy or traced into a program for the kernels."""
