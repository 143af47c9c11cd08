# SPDX-License-Identifier: Apache-2.0
"""The record of what was run, so that it can be run again."""
