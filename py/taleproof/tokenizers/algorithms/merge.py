# SPDX-License-Identifier: Apache-2.0
"""The one algorithm of both families: join the best pair of neighbours until no pair is left.

In comes a list of symbols and the cost of each pair that may be joined; out goes the list of what
remains. The symbols are a linked list and the pairs a heap, so the time is n log n: a word may be as long
as the whole text.
"""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush


def merge(symbols: list[str], costs: Mapping[str, float], separator: str = "") -> list[str]:
    """Join neighbours, the cheapest pair first and the leftmost of equals.

    Parameters
    ----------
    symbols : the text in its smallest pieces, none empty.
    costs : by ``left + separator + right``, the cost of joining; a pair that is not there is never joined.
    """
    symbols = symbols.copy()
    count = len(symbols)
    cost_of = costs.get
    heap = []
    for left in range(count - 1):
        a, b = symbols[left], symbols[left + 1]
        cost = cost_of(a + separator + b)
        if cost is not None:
            heap.append((cost, left, left + 1, len(a) + len(b)))
    if not heap:
        return symbols
    heapify(heap)
    before, after = list(range(-1, count - 1)), list(range(1, count + 1))
    while heap:
        _, left, right, size = heappop(heap)
        a, b = symbols[left], symbols[right]
        # A symbol joined to its left neighbour is empty; one that grew makes another size.
        if not a or not b or len(a) + len(b) != size:
            continue
        joined = symbols[left] = a + b
        symbols[right] = ""
        following = after[left] = after[right]
        if following < count:
            before[following] = left
            b = symbols[following]
            cost = cost_of(joined + separator + b)
            if cost is not None:
                heappush(heap, (cost, left, following, size + len(b)))
        preceding = before[left]
        if preceding >= 0:
            a = symbols[preceding]
            cost = cost_of(a + separator + joined)
            if cost is not None:
                heappush(heap, (cost, preceding, left, len(a) + size))
    return [symbol for symbol in symbols if symbol]
