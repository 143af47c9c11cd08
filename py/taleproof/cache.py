"""The KV cache: preallocated for the whole context, owned by the session, written in place."""

from dataclasses import dataclass
from typing import Generic, TypeVar


C = TypeVar("C")


@dataclass(frozen=True)
class KVCache(Generic[C]):
    """Keys and values of every layer, each float32 (kv_heads, context, head_dim)."""

    keys: tuple[C, ...]
    values: tuple[C, ...]


@dataclass(frozen=True)
class CacheShape:
    """What a model needs kept for each position."""

    layers: int
    kv_heads: int
    head_dim: int

    def bytes_for(self, context: int) -> int:
        """Return the bytes of the whole cache for ``context`` positions."""
        return 2 * 4 * self.layers * self.kv_heads * self.head_dim * context
