# SPDX-License-Identifier: Apache-2.0
"""What a step runs on: how many threads."""
