# SPDX-License-Identifier: Apache-2.0
"""The programs: the command line and the page's engine, and what both of them use."""
