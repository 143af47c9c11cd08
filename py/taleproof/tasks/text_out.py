# SPDX-License-Identifier: Apache-2.0
"""What may be shown of a text in the making: tokens come in, whole characters before any stop string go out.

Held back are the bytes of a character that is not complete, and characters that may turn out to be the beginning of a
stop string. A character that never becomes complete is not shown at all.
"""

from collections.abc import Sequence

from taleproof.tokenizers import TextStream, Tokenizer


_LONGEST_CHARACTER = 4  # bytes in UTF-8


class StopScanner:
    """Finds the first stop string in a text that comes in pieces."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self._shown = 0  # how many of the characters held were shown all the same, when the text broke off

    def prime(self, text: str) -> None:
        """Take a text that has been shown, and may end in the beginning of a stop string."""
        self.push(text)
        self._shown = len(self._held)

    def push(self, text: str) -> tuple[str, bool]:
        """Take more text; return what can be shown now, and whether a stop string has been found after it.

        Of several stop strings the one that begins first counts.
        """
        text, shown = self._held + text, self._shown
        starts = [start for stop in self._stops if (start := text.find(stop)) >= 0]
        if starts:
            self._held, self._shown = "", 0
            return text[shown : min(starts)], True
        end = len(text) - max((self._overlap(text, stop) for stop in self._stops), default=0)
        self._held, self._shown = text[end:], max(0, shown - end)
        return text[shown:end], False

    def finish(self) -> str:
        """Return what was held back: no stop string came of it."""
        text = self._held[self._shown :]
        self._held, self._shown = "", 0
        return text

    @staticmethod
    def _overlap(text: str, stop: str) -> int:
        """Return how many of the last characters of `text` are the first ones of `stop`."""
        longest = min(len(text), len(stop) - 1)
        return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


class TextOut:
    """From tokens to the text that may be shown.

    Parameters
    ----------
    stops : the stop strings.
    before : the ids so far. If they end in the middle of a character, it is completed by what follows.
    written : how many of them are not the prompt's. If their text ends in the beginning of a stop string, the rest
        of it still ends the text.
    """

    def __init__(self, tokenizer: Tokenizer, stops: Sequence[str], before: Sequence[int], written: int = 0) -> None:
        self._tokenizer = tokenizer
        self._stream = TextStream()
        self._scanner = StopScanner(stops)
        # No character is of more tokens than it has bytes, and no stop string of more than it and its ends have.
        longest = max((len(stop.encode("utf-8", "replace")) for stop in stops), default=0) + _LONGEST_CHARACTER
        recent = before[len(before) - min(written, longest) :]
        earlier = b"".join(tokenizer.token_bytes(token) for token in recent)
        last = b"".join(tokenizer.token_bytes(token) for token in before[-_LONGEST_CHARACTER:])
        unfinished = _unfinished(last)
        self._scanner.prime(earlier.removesuffix(unfinished).decode("utf-8", "replace"))
        self._stream.push(unfinished)

    def push(self, token: int, *, after: int) -> tuple[str, bool]:
        """Take a token and the one before it; return what can be shown, and whether a stop string was found."""
        return self._scanner.push(self._stream.push(self._tokenizer.token_bytes(token, after=after)))

    def finish(self) -> str:
        """Return what was held back of whole characters."""
        # The stream gives U+FFFD for an unfinished character, and for nothing else at this point.
        shown, found = self._scanner.push(self._stream.finish().removesuffix("\ufffd"))
        return shown if found else shown + self._scanner.finish()


def held_back(tokenizer: Tokenizer, prompt_ids: Sequence[int], written: Sequence[int], shown: str) -> str:
    """Return the whole characters of a text that breaks off which were not shown, as a stop string might have come.

    Parameters
    ----------
    written : the text's ids, after the prompt's.
    shown : what was shown of it.
    """
    before = [*prompt_ids[-1:], *written]
    raw = b"".join(tokenizer.token_bytes(token, after=last) for last, token in zip(before, written, strict=False))
    whole = raw.decode("utf-8", "replace").removesuffix("\ufffd")
    return whole[len(shown) :] if whole.startswith(shown) else ""


def _unfinished(data: bytes) -> bytes:
    """Return the last bytes of UTF-8 `data` if they are the beginning of a character, or nothing."""
    for length in range(1, min(len(data), _LONGEST_CHARACTER - 1) + 1):
        lead = data[-length]
        if lead >= 0xC0:
            whole = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return data[-length:] if length < whole else b""
        if lead < 0x80:
            return b""
    return b""
