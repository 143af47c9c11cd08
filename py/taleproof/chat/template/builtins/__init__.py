# SPDX-License-Identifier: Apache-2.0
"""What a template may call: filters, tests, methods and global functions."""
