# SPDX-License-Identifier: Apache-2.0
"""Memory for the keys and values of a session, on either backend."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from taleproof.graph.trace import KEY_BLOCK, ArenaCache
from taleproof.memory.arena import Arena
from taleproof.nn.cache import CacheShape, KVCache


def allocate_arrays(shape: CacheShape, context: int) -> KVCache[NDArray[np.float32]]:
    """Return a cache of float32 arrays (kv_heads, context, head_dim), two a layer."""
    size = (shape.kv_heads, context, shape.head_dim)
    return KVCache(
        tuple(np.zeros(size, np.float32) for _ in range(shape.layers)),
        tuple(np.zeros(size, np.float32) for _ in range(shape.layers)),
    )


def allocate_in_arena(arena: Arena, shape: CacheShape, context: int) -> KVCache[ArenaCache]:
    """Return a cache in the arena, its positions rounded up to whole blocks."""

    def layer() -> ArenaCache:
        empty = ArenaCache(0, shape.kv_heads, -(-context // KEY_BLOCK) * KEY_BLOCK, shape.head_dim)
        return replace(empty, offset=arena.allocate(empty.nbytes))

    return KVCache(tuple(layer() for _ in range(shape.layers)), tuple(layer() for _ in range(shape.layers)))


def position_bytes(shape: CacheShape) -> int:
    """Return what a position takes in a cache in the arena."""
    block = ArenaCache(0, shape.kv_heads, KEY_BLOCK, shape.head_dim)
    return 2 * shape.layers * block.nbytes // KEY_BLOCK
