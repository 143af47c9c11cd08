# SPDX-License-Identifier: Apache-2.0
"""Classes, cases and normal forms of characters, the same wherever this runs."""
