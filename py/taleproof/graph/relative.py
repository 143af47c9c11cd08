# SPDX-License-Identifier: Apache-2.0
"""Relative positions in buckets: which entry of a bias table a query and a key so far apart take.

Sources: T5 (Raffel et al. 2020, arXiv 1910.10683, section 2.1): near distances have a bucket each, farther ones share
buckets whose borders grow as powers, and all from ``max_distance`` on share the last.
"""

from functools import cache
from itertools import pairwise


MAX_BUCKETS = 1 << 10
"""Rows of a table of biases."""

MAX_DISTANCE = 1 << 16


@cache
def distance_buckets(buckets: int, max_distance: int) -> tuple[int, ...]:
    """Return the bucket of each distance from 0 to max_distance; farther ones are in the last too.

    The rule's logarithms are compared as integer powers, so that no rounding moves a border: a float only says where
    to look for it.

    Parameters
    ----------
    buckets : how many there are for this direction, 2 to MAX_BUCKETS.
    max_distance : over buckets // 2, at most MAX_DISTANCE.

    Raises
    ------
    ValueError : others.
    """
    near = buckets // 2
    if not 2 <= buckets <= MAX_BUCKETS or not near < max_distance <= MAX_DISTANCE:
        raise ValueError(f"{buckets} buckets for distances up to {max_distance}")
    shared = buckets - near
    borders = [_border(near, shared, max_distance, step) for step in range(1, shared)]
    result = list(range(near))
    for step, (begin, end) in enumerate(pairwise([near, *borders, max_distance + 1])):
        result += [near + step] * (end - begin)
    return tuple(result)


def _border(near: int, shared: int, max_distance: int, step: int) -> int:
    """Return the smallest distance with log(distance / near) / log(max_distance / near) * shared >= step."""
    least = near ** (shared - step) * max_distance**step  # of distance to the power of ``shared``
    border: int = max(near, round(near * (max_distance / near) ** (step / shared)))
    while border > near and (border - 1) ** shared >= least:
        border -= 1
    while border**shared < least:
        border += 1
    return border
