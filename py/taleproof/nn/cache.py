# SPDX-License-Identifier: Apache-2.0
"""The KV cache: preallocated for the whole context, owned by the session, written in place."""

from dataclasses import dataclass
from typing import Generic, TypeVar


C = TypeVar("C")


@dataclass(frozen=True)
class KVCache(Generic[C]):
    """Keys and values of every layer, in whatever form the backend keeps them."""

    keys: tuple[C, ...]
    values: tuple[C, ...]


@dataclass(frozen=True)
class CacheShape:
    """What a model needs kept for each position."""

    layers: int
    kv_heads: int
    head_dim: int
