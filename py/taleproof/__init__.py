# SPDX-License-Identifier: Apache-2.0
"""Stories written by a language model, reproducible to the last bit: the engine of Taleproof."""

__version__ = "0.2.0"
