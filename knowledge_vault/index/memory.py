"""The engine's twin in memory: exact, forgetful, for tests and for vaults that keep no index at rest."""

import threading
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.index.engine import Hits, Point
from knowledge_vault.values import PassageId, VaultId


class MemoryEngine:
    def __init__(self) -> None:
        self._shards: dict[VaultId, dict[PassageId, Point]] = {}
        self._lock = threading.Lock()

    def upsert(self, shard: VaultId, points: Sequence[Point]) -> None:
        with self._lock:
            self._shards.setdefault(shard, {}).update({point.id: point for point in points})

    def delete(self, shard: VaultId, ids: Collection[PassageId]) -> None:
        with self._lock:
            for each in ids:
                self._shards.get(shard, {}).pop(each, None)

    def drop(self, shard: VaultId) -> None:
        with self._lock:
            self._shards.pop(shard, None)

    def nearest(
        self, shard: VaultId, vector: NDArray[np.float32], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        scored = [(point.id, float(point.vector @ vector)) for point in self._points(shard, within)]
        return _best(scored, limit)

    def matching(
        self, shard: VaultId, weights: Mapping[int, float], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        scored = [
            (point.id, sum(weights[term] for term in point.terms if term in weights))
            for point in self._points(shard, within)
            if not weights.keys().isdisjoint(point.terms)
        ]
        return _best(scored, limit)

    def ids(self, shard: VaultId) -> set[PassageId]:
        with self._lock:
            return set(self._shards.get(shard, {}))

    def count(self, shard: VaultId) -> int:
        with self._lock:
            return len(self._shards.get(shard, {}))

    def shards(self) -> set[VaultId]:
        with self._lock:
            return set(self._shards)

    def close(self) -> None:
        """Nothing to release."""

    def _points(self, shard: VaultId, within: Collection[str] | None) -> list[Point]:
        with self._lock:
            points = list(self._shards.get(shard, {}).values())
        return points if within is None else [point for point in points if point.document in set(within)]


def _best(scored: Hits, limit: int) -> Hits:
    return sorted(scored, key=lambda hit: (-hit[1], hit[0]))[:limit]
