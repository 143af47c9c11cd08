# SPDX-License-Identifier: Apache-2.0
"""Where bytes come from: files, downloads, which files are one model, and JSON from outside."""
