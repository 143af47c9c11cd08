# SPDX-License-Identifier: Apache-2.0
"""Text for a terminal: whatever a model or a file says comes in, text that is safe to print goes out.

A terminal obeys control characters: to move, to delete, to put something on the clipboard (ESC ] 52). They
are shown as Unicode's pictures of them, U+2400 and following; those without a picture as U+FFFD.
"""

_KEPT = "\n\t"
_CONTROLS = {
    **{code: 0x2400 + code for code in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}
_IN_TEXTS = {code: picture for code, picture in _CONTROLS.items() if chr(code) not in _KEPT}
_IN_JSON = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}


def visible(text: str) -> str:
    """Return a text of several lines with its control characters shown, but for line ends and tabs."""
    return text.translate(_IN_TEXTS)


def visible_line(text: str) -> str:
    """Return a name or a sentence with all of its control characters shown, so that it stays one line."""
    return text.translate(_CONTROLS)


def visible_json(text: str) -> str:
    """Return JSON of the same value in which the control characters that JSON allows in strings are escaped too."""
    return text.translate(_IN_JSON)
