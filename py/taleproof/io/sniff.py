# SPDX-License-Identifier: Apache-2.0
"""What the first bytes of a file say without parsing, for those who read it and those who download it."""

LOOKED_AT = 512
"""Bytes at a file's beginning that are looked at."""

_HTML = (b"<!doctype html", b"<html", b"<head", b"<!--", b"<?xml", b"<script", b"<body")


def looks_like_html(head: bytes) -> bool:
    """Say whether a file that begins with ``head`` is a web page, such as a login form."""
    return head[:LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_HTML)
