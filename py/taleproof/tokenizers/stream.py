# SPDX-License-Identifier: Apache-2.0
"""Text as it is written: bytes in, characters out, never half of one.

In come the bytes of token after token, which may end in the middle of a character. Out comes text: what
is complete at once, the rest as soon as it is. Bytes that can't become a character are U+FFFD at once.
Beyond UTF-8, two things wait for their other half: a regional indicator, since two make one flag, and a
zero-width joiner.
"""

import codecs
import re


# A flag is two regional indicators, so after whole flags a last one is half of the next.
_HALF = re.compile(
    "(?<![\U0001f1e6-\U0001f1ff])(?:[\U0001f1e6-\U0001f1ff]{2})*([\U0001f1e6-\U0001f1ff])\\Z|(\u200d)\\Z"
)


class TextStream:
    """A decoder of UTF-8 that comes in pieces; all it returns, joined, is the whole decoded at once."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._waiting = ""

    def push(self, data: bytes) -> str:
        """Take the next bytes and return the characters that are now complete, which may be none."""
        text = self._waiting + self._decoder.decode(data)
        half = _HALF.search(text)
        end = half.start(half.lastindex or 0) if half else len(text)
        self._waiting = text[end:]
        return text[:end]

    def finish(self) -> str:
        """Return what was still waiting, for nothing can complete it; the stream can be used again."""
        text = self._waiting + self._decoder.decode(b"", final=True)
        self._waiting = ""
        self._decoder.reset()
        return text
