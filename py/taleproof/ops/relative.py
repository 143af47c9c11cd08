"""Relative positions in buckets: which entry of a bias table a query and a key so far apart take.

Sources: T5 (Raffel et al. 2020, arXiv 1910.10683, section 2.1): near distances have a bucket each, farther ones share
buckets whose borders grow as powers, and all from ``max_distance`` on share the last.
"""

from functools import cache


@cache
def distance_buckets(buckets: int, max_distance: int) -> tuple[int, ...]:
    """Return the bucket of each distance from 0 to max_distance; farther ones are in the last too.

    The rule's logarithms are compared as integer powers, so that no rounding moves a border.

    Parameters
    ----------
    buckets : how many there are for this direction, at least 2.
    max_distance : over buckets // 2.
    """
    near = buckets // 2
    shared = buckets - near
    result = list(range(near))
    for distance in range(near, max_distance + 1):
        # The largest step with log(distance / near) / log(max_distance / near) * shared >= step.
        step = 0
        while step + 1 < shared and (distance**shared) * near ** (step + 1) >= near**shared * max_distance ** (
            step + 1
        ):
            step += 1
        result.append(near + step)
    return tuple(result)
