# SPDX-License-Identifier: Apache-2.0
"""Types without blocks: every weight is a number of its own."""
