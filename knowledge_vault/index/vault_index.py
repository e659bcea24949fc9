"""The only way into the index: by a vault's own search keys, which name its tenant and vault. Scrambles on the way.

What comes back are ids and rough scores; `search.py` opens the sealed chunks, which only their tenant's keys
open, and scores them exactly.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.index.engine import Engine, Hits, Point
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.values import DocumentId, PassageId, Protection, VaultId


@dataclass(frozen=True, eq=False)
class Entry:
    """A chunk as the index is to find it, in clear."""

    id: PassageId
    document: DocumentId
    vector: NDArray[np.float32]
    """`(dimension,)`, float32, length 1."""
    terms: Sequence[int]
    """Distinct, from `SearchKeys.term`."""


class SealedSearch(Protocol):
    """What searches vaults that keep no index at rest."""

    async def nearest(
        self,
        keys: SearchKeys,
        vector: NDArray[np.float32],
        *,
        limit: int,
        within: Collection[DocumentId] | None,
    ) -> Hits: ...

    async def matching(
        self,
        keys: SearchKeys,
        weights: Mapping[int, float],
        *,
        limit: int,
        within: Collection[DocumentId] | None,
    ) -> Hits: ...

    async def compact_when_due(self, keys: SearchKeys) -> None: ...


class VaultIndex:
    def __init__(self, engine: Engine, sealed: SealedSearch) -> None:
        self._engine = engine
        self._sealed = sealed
        self._held_still: defaultdict[VaultId, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def held_still(self, vault: VaultId) -> AsyncIterator[None]:
        """For who adds points that SQL does not call active yet, and for who removes those that it does not."""
        async with self._held_still[vault]:
            yield

    async def add(self, keys: SearchKeys, entries: Sequence[Entry]) -> None:
        """Add or replace; found by the next search, and durable, on return. Nothing for a sealed vault."""
        if keys.protection is Protection.SEALED:
            return

        def scramble_and_add() -> None:
            points = [
                Point(
                    entry.id,
                    keys.document(entry.document),
                    keys.stored(entry.vector, entry.id),
                    tuple(entry.terms),
                )
                for entry in entries
            ]
            self._engine.upsert(keys.shard, points)

        await asyncio.to_thread(scramble_and_add)

    async def remove(self, keys: SearchKeys, ids: Collection[PassageId]) -> None:
        if keys.protection is Protection.STANDARD:
            await asyncio.to_thread(self._engine.delete, keys.shard, ids)

    async def settle(self, keys: SearchKeys) -> None:
        """After a document became active: keep a sealed vault quick to open."""
        if keys.protection is Protection.SEALED:
            await self._sealed.compact_when_due(keys)

    async def drop(self, shard: VaultId) -> None:
        """Forget everything of a shard (`scramble.shard_of`); needs no keys, for they are destroyed first."""
        await asyncio.to_thread(self._engine.drop, shard)

    async def nearest(
        self,
        keys: SearchKeys,
        vector: NDArray[np.float32],
        *,
        limit: int,
        within: Collection[DocumentId] | None,
    ) -> Hits:
        """The passages roughly nearest to a question's vector, best first."""
        if keys.protection is Protection.SEALED:
            return await self._sealed.nearest(keys, vector, limit=limit, within=within)
        named = None if within is None else [keys.document(document) for document in within]
        asked = keys.asked(vector)
        return await asyncio.to_thread(
            lambda: self._engine.nearest(keys.shard, asked, limit=limit, within=named)
        )

    async def matching(
        self,
        keys: SearchKeys,
        weights: Mapping[int, float],
        *,
        limit: int,
        within: Collection[DocumentId] | None,
    ) -> Hits:
        """The passages that have the heaviest of these terms (from `SearchKeys.term`), best first."""
        if keys.protection is Protection.SEALED:
            return await self._sealed.matching(keys, weights, limit=limit, within=within)
        named = None if within is None else [keys.document(document) for document in within]
        return await asyncio.to_thread(
            lambda: self._engine.matching(keys.shard, weights, limit=limit, within=named)
        )

    async def ids(self, keys: SearchKeys) -> set[PassageId]:
        """All that lie at rest: none of a sealed vault."""
        if keys.protection is Protection.SEALED:
            return set()
        return await asyncio.to_thread(self._engine.ids, keys.shard)

    async def count(self, keys: SearchKeys) -> int:
        """How many points lie at rest; asked at every search."""
        if keys.protection is Protection.SEALED:
            return 0
        return await asyncio.to_thread(self._engine.count, keys.shard)

    async def shards(self) -> set[VaultId]:
        """All that is in the index, also what SQL no longer knows."""
        return await asyncio.to_thread(self._engine.shards)

    async def close(self) -> None:
        await asyncio.to_thread(self._engine.close)
