# SPDX-License-Identifier: Apache-2.0
"""Types whose weights are floats of four bits."""
