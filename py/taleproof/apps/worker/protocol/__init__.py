# SPDX-License-Identifier: Apache-2.0
"""What Python and the page say to each other, as JSON: one type for each object that crosses.

In: requests of the page. Out: results, events of a story, errors. These types are the only place where the fields are
written down: set-up makes web/engine/protocol.gen.ts of them (scripts/protocol.py), with what their docstrings say, and
mypy holds what Python sends against them. Field names are the page's, in camel case, but for those of files and of the
chain (``sha3_256``, ``as_of``).
"""
