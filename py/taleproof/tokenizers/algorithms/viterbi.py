# SPDX-License-Identifier: Apache-2.0
"""Unigram: a text is cut where the sum of its pieces' scores is the highest.

In come pieces with scores, which are logarithms of how probable they are; out go the ids of the best cut, found from
left to right in one pass: the best way to each place, through every piece that ends there. A character that is no piece
costs ten more than the worst piece, and several of them in a row are one unknown token, or are spelt in bytes. Refused:
scores that are not finite, pieces that are longer than any real one, because time would grow with them.

Source: Kudo 2018 (arXiv 1804.10959); SentencePiece's EncodeOptimized; Hugging Face's Unigram, whose ids these are.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from taleproof.errors import FormatError


UNKNOWN_PENALTY = 10.0
MAX_PIECE = 256
"""Characters. SentencePiece makes pieces of 16 at most, unless an option says otherwise."""

MAX_LENGTHS = 32
"""Different lengths of the pieces that begin with one character: at each place of a text all of them are looked for."""

MAX_SCORE = 1e30


class Unigram:
    """A vocabulary with scores.

    Parameters
    ----------
    pieces : (piece, id, score) of all that may be found in a text; of two that are the same the last counts.
    lowest : the lowest score of a piece.
    unknown : the id of what is no piece.
    byte_ids : the tokens of the 256 bytes, if unknown characters are spelt.
    file, field : what messages call them.
    """

    def __init__(
        self,
        pieces: Iterable[tuple[str, int, float]],
        lowest: float,
        unknown: int,
        byte_ids: Sequence[int | None] | None,
        file: str,
        field: str,
    ) -> None:
        self._pieces = {piece: (score, token) for piece, token, score in pieces if piece}
        self._unknown = unknown
        self._unknown_score = lowest - UNKNOWN_PENALTY
        self._byte_ids = byte_ids
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for piece, (score, _) in self._pieces.items():
            if not math.isfinite(score) or abs(score) > MAX_SCORE:
                raise FormatError(file, field, score, None, "every score must be a finite number")
            if len(piece) > MAX_PIECE:
                raise FormatError(file, field, len(piece), None, f"a piece has at most {MAX_PIECE} characters")
            lengths[piece[0]].add(len(piece))
        most = max(map(len, lengths.values()), default=0)
        if most > MAX_LENGTHS:
            why = f"the pieces that begin with one character have at most {MAX_LENGTHS} different lengths"
            raise FormatError(file, field, most, None, why)
        self._lengths = {first: tuple(sorted(found)) for first, found in lengths.items()}

    def __contains__(self, piece: str) -> bool:
        return piece in self._pieces

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""
        end = len(text)
        tokens, starts = self._best_ways(text)
        ids: list[int] = []
        unknown_to = 0  # the end of unknown characters that go on to the left
        while end > 0:
            token, start = tokens[end], starts[end]
            if token == self._unknown:
                unknown_to = unknown_to or end
            else:
                if unknown_to:
                    ids += reversed(self._spelt(text[end:unknown_to]))
                    unknown_to = 0
                ids.append(token)
            end = start
        if unknown_to:
            ids += reversed(self._spelt(text[:unknown_to]))
        return ids[::-1]

    def _best_ways(self, text: str) -> tuple[list[int], list[int]]:
        """Return for each place the last token of the best way to it, and where that begins."""
        count = len(text)
        totals = [0.0, *[-math.inf] * count]
        starts, tokens = [0] * (count + 1), [self._unknown] * (count + 1)
        found, lengths_of = self._pieces.get, self._lengths.get
        for start, first in enumerate(text):
            here = totals[start]
            lengths = lengths_of(first, ())
            for length in lengths:
                end = start + length
                if end > count:
                    break
                hit = found(text[start:end])
                if hit is not None:
                    total = here + hit[0]
                    if total > totals[end]:
                        totals[end], starts[end], tokens[end] = total, start, hit[1]
            if not lengths or lengths[0] != 1:
                total = here + self._unknown_score
                if total > totals[start + 1]:
                    totals[start + 1], starts[start + 1], tokens[start + 1] = total, start, self._unknown
        return tokens, starts

    def _spelt(self, text: str) -> list[int]:
        """Return the tokens of unknown characters in a row."""
        hit = self._pieces.get(text)
        if hit is not None:
            return [hit[1]]
        if self._byte_ids is not None:
            spelt = [self._byte_ids[byte] for byte in text.encode()]
            known = [token for token in spelt if token is not None]
            if len(known) == len(spelt):
                return known
        return [self._unknown]
