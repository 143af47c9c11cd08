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


def is_whole_before(tokenizer: Tokenizer, transcript: Transcript, token: int) -> bool:
    """Return whether what has been written ends with a whole sentence, to which the next `token` does not belong."""
    recent = transcript.tokens[-LONGEST_SENTENCE_END:]
    *pieces, following = _texts(tokenizer, [*recent, token], transcript.ids[-len(recent) - 1])
    return bool(following) and ends_sentence("".join(pieces), following)


def cut_to_sentence(tokenizer: Tokenizer, transcript: Transcript) -> Cut | None:
    """Cut a text back to its last whole sentence, without the space after it; without such a sentence it stays whole.

    Returns
    -------
    what was cut off, None for nothing
    """
    pieces = _texts(tokenizer, transcript.tokens, transcript.ids[transcript.prompt - 1])
    text = "".join(pieces)
    end = len(text)
    for count in range(len(pieces), 0, -1):
        before = text[max(0, end - LONGEST_SENTENCE_END) : end]
        space = not pieces[count - 1].strip()  # or the beginning of a character
        if not space and ends_sentence(before, text[end : end + LONGEST_SENTENCE_END]):
            return transcript.cut(count, transcript.text[:end])
        end -= len(pieces[count - 1])
    return None


def _texts(tokenizer: Tokenizer, tokens: Sequence[int], after: int) -> list[str]:
    """Return what each token completes of the text, in whole characters."""
    stream = TextStream()
    before = [after, *tokens]
    return [stream.push(tokenizer.token_bytes(token, after=last)) for last, token in zip(before, tokens, strict=False)]
