# SPDX-License-Identifier: Apache-2.0
"""Ends a text at a sentence: a transcript comes in, and the place where it is to end goes out.

A text that runs past its limit is finished as soon as a sentence has ended, which the token after it tells: a closing
quote belongs to the sentence still. A text that is cut back ends with its last whole sentence. Tokens are whole: a
sentence that ends within one is no place to end. Nothing is refused.
"""

from collections.abc import Sequence

from taleproof.tasks.sentences import LONGEST_SENTENCE_END, ends_sentence
from taleproof.tasks.transcript import Cut, Transcript
from taleproof.tokenizers import TextStream, Tokenizer


MOST_MORE_TOKENS = 60
"""Past the limit, for a sentence that is to be finished."""


def sentence_end_before(tokenizer: Tokenizer, transcript: Transcript, token: int) -> int | None:
    """Return how many of the tokens written end with a whole sentence, to which `token` does not belong.

    They are all, but for the beginning of a character that the token completes. None where no sentence ends.
    """
    recent = transcript.tokens[-LONGEST_SENTENCE_END:]
    *pieces, following = _texts(tokenizer, [*recent, token], transcript.ids[-len(recent) - 1])
    if not following or not ends_sentence("".join(pieces), following):
        return None
    last = next(count for count in range(len(pieces), 0, -1) if pieces[count - 1])
    return transcript.written - len(pieces) + last


def cut_to_sentence(tokenizer: Tokenizer, transcript: Transcript) -> Cut | None:
    """Cut a text back to its last whole sentence; return what was cut off. Without such a sentence it stays whole."""
    pieces = _texts(tokenizer, transcript.tokens, transcript.ids[transcript.prompt - 1])
    text = "".join(pieces)
    end = len(text)
    for count in range(len(pieces), 0, -1):
        before = text[max(0, end - LONGEST_SENTENCE_END) : end]
        if pieces[count - 1] and ends_sentence(before, text[end : end + LONGEST_SENTENCE_END]):
            return transcript.cut(count, transcript.text[:end])
        end -= len(pieces[count - 1])
    return None


def _texts(tokenizer: Tokenizer, tokens: Sequence[int], after: int) -> list[str]:
    """Return what each token completes of the text, in whole characters."""
    stream = TextStream()
    before = [after, *tokens]
    return [stream.push(tokenizer.token_bytes(token, after=last)) for last, token in zip(before, tokens, strict=False)]
