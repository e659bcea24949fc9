"""What an engine that stores and finds points can do. It sees scrambled vectors and keyed numbers only.

Each vault has a shard of its own: no search reaches another vault's points. Where shards are folders or dictionaries
that holds whatever the filter; where they are parts of one collection, the engine's own filter sees to it.
All methods block; `VaultIndex` calls them from threads.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.values import PassageId, VaultId

Hits = list[tuple[PassageId, float]]
"""Best first, with the engine's own score."""


@dataclass(frozen=True, eq=False)
class Point:
    id: PassageId
    """A UUID in hex."""
    document: str
    """The keyed name of its document, to filter by."""
    vector: NDArray[np.float32]
    """`(dimension,)`, float32, scrambled."""
    terms: Sequence[int]
    """Distinct keyed words, each below 2**32."""


class Engine(Protocol):
    def upsert(self, shard: VaultId, points: Sequence[Point]) -> None:
        """Add the points, replacing those of the same id; durable on return. Creates the shard."""

    def delete(self, shard: VaultId, ids: Collection[PassageId]) -> None:
        """Remove the points, those that are not there too."""

    def drop(self, shard: VaultId) -> None:
        """Remove the shard with all it holds; harmless when there is none."""

    def nearest(
        self, shard: VaultId, vector: NDArray[np.float32], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        """By inner product with `vector`; `within` names keyed documents, None means all."""

    def matching(
        self, shard: VaultId, weights: Mapping[int, float], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        """By the sum of the weights of the terms a point has; points with none of them are left out."""

    def ids(self, shard: VaultId) -> set[PassageId]:
        """All points of the shard; empty when there is none."""

    def count(self, shard: VaultId) -> int:
        """How many points the shard has, quickly; 0 when there is none, or when it was taken away meanwhile."""

    def shards(self) -> set[VaultId]: ...

    def close(self) -> None:
        """Release everything; an engine on the disk refuses what is asked afterwards."""
