"""Make the index and the folder of originals agree with SQL, both ways. SQL and the sealed chunks are the truth.

A start does not wait for it: each vault's index is compared in the background, one after the other, and a search of a
vault that was not compared yet has it compared first. From then on each search holds the number of points against
SQL's, so that an index that is wiped or exchanged under a running server is noticed, and built again.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field

from knowledge_vault.documents import Documents
from knowledge_vault.errors import IndexDamaged, NotFound, SealBroken, VaultLocked, VaultUnavailable
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.index.vault_index import VaultIndex
from knowledge_vault.ingestion import Ingestion
from knowledge_vault.originals import Originals
from knowledge_vault.passages import Passages
from knowledge_vault.values import PassageId, Protection, TenantId, VaultId
from knowledge_vault.vaults import Vaults

log = logging.getLogger("qanat.vault")

_BATCH = 256
_COMPARING_S = 30.0
"""How long a search waits to learn what its vault's index lacks."""
_AGAIN_S = 30.0
"""After how long an index that did not answer is asked again."""


@dataclass(eq=False)
class _Comparison:
    """Of one vault, under way."""

    task: asyncio.Task[None] | None = None
    known: asyncio.Event = field(default_factory=asyncio.Event)
    """What is missing is known, or the comparison has failed."""
    missing: int = 0
    added: int = 0


class Reconciler:
    def __init__(
        self,
        vaults: Vaults,
        documents: Documents,
        passages: Passages,
        originals: Originals,
        index: VaultIndex,
        ingestion: Ingestion,
    ) -> None:
        self.patience_s = 2.0
        """How long a search waits for what is missing to be added, before it says that this takes longer."""
        self._vaults = vaults
        self._documents = documents
        self._passages = passages
        self._originals = originals
        self._index = index
        self._ingestion = ingestion
        self._compared: set[VaultId] = set()
        """Shards that agreed with SQL once since the start."""
        self._under_way: dict[VaultId, _Comparison] = {}
        self._short: dict[VaultId, tuple[int, int]] = {}
        """Shards that have fewer points than SQL counts though nothing is missing that opens: both numbers."""
        self._damaged: set[VaultId] = set()
        """Shards to drop before they are compared again."""
        self._rebuilt: set[VaultId] = set()
        """Shards that were dropped for damage since the start: what fails again is not mended by it."""
        self._waiting: list[tuple[TenantId, VaultId]] = []
        self._everything: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Before anything is added: remove originals of no document. Then compare every vault in the background."""
        await self._originals.keep_only(await self._documents.originals())
        self._waiting = list(await self._vaults.all_ids())
        self._everything = asyncio.create_task(self._compare_everything(), name="compare-indexes")

    async def stop(self) -> None:
        """Leave the rest for the next start."""
        tasks = [each.task for each in self._under_way.values()] + [self._everything]
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)

    @property
    def not_compared(self) -> int:
        """Vaults whose turn in the background has not come yet."""
        return len(self._waiting)

    async def wait(self) -> None:
        """Until every vault that was there at the start was compared."""
        if self._everything is not None:
            await asyncio.wait({self._everything})

    async def compare_soon(self, tenant: TenantId, vault: VaultId) -> None:
        """In the background, such as after a vault was unlocked."""
        self._begin(tenant, vault)

    async def repair(self, tenant: TenantId, vault: VaultId) -> None:
        """Add what one vault's index lacks and remove what it should not have."""
        await self._compare(tenant, vault, _Comparison())

    async def be_sure(self, keys: SearchKeys, *, expected: int) -> None:
        """Return once a vault's index can be searched; quickly, where it has the number of points that SQL `expected`.

        Raises:
            VaultUnavailable: it does not answer, or is being built again and that takes longer.
        """
        if keys.protection is Protection.SEALED or expected == 0:
            return
        if keys.shard in self._compared:
            there = await self._count(keys)
            if there >= expected or self._short.get(keys.shard) == (there, expected):
                return
            if there >= await self._vaults.active_chunks(keys.vault):
                return  # a document was deleted since `expected` was counted
            log.warning("index.short vault=%s there=%d expected=%d", keys.vault, there, expected)
        await self._wait_for(self._begin(keys.tenant, keys.vault))
        there = await self._count(keys)
        if there < expected:  # passages that do not open, or a document that was deleted a moment ago
            self._short[keys.shard] = there, expected

    def suspect(self, keys: SearchKeys) -> None:
        """An index on the disk that cannot be read: build it again before it is searched the next time, but once."""
        if keys.shard not in self._rebuilt:
            self._rebuilt.add(keys.shard)
            self._damaged.add(keys.shard)
            self._compared.discard(keys.shard)

    async def _count(self, keys: SearchKeys) -> int:
        try:
            return await self._index.count(keys)
        except IndexDamaged:
            self.suspect(keys)
            return 0

    async def _wait_for(self, comparison: _Comparison) -> None:
        assert comparison.task is not None
        try:
            await asyncio.wait_for(comparison.known.wait(), _COMPARING_S)
        except TimeoutError:
            raise VaultUnavailable(
                "The search index of this vault is still being compared with its documents. Ask again in a moment."
            ) from None
        await asyncio.wait({comparison.task}, timeout=self.patience_s)
        if not comparison.task.done():
            raise VaultUnavailable(
                f"The search index of this vault is being rebuilt: {comparison.added} of {comparison.missing} missing "
                "passages are back. Nothing is lost; ask again in a moment."
            )
        if not comparison.task.cancelled():
            comparison.task.result()

    def _begin(self, tenant: TenantId, vault: VaultId) -> _Comparison:
        if vault in self._under_way:
            return self._under_way[vault]
        comparison = _Comparison()

        async def compare() -> None:
            try:
                await self._compare(tenant, vault, comparison)
            finally:
                comparison.known.set()
                self._under_way.pop(vault, None)

        self._under_way[vault] = comparison
        comparison.task = asyncio.create_task(compare(), name=f"compare-index-{vault}")
        comparison.task.add_done_callback(_look_at)
        return comparison

    async def _compare_everything(self) -> None:
        while True:
            try:
                for shard in await self._index.shards() - await self._vaults.shards():
                    await self._index.drop(shard)
                while self._waiting:
                    began = time.monotonic()
                    await self._compare_in_turn(*self._waiting[0])
                    self._waiting.pop(0)
                    await asyncio.sleep(time.monotonic() - began)  # questions and documents go first
            except VaultUnavailable as error:
                log.warning("index.not_compared vaults=%d reason=%s", len(self._waiting), error)
                await asyncio.sleep(_AGAIN_S)
            else:
                return

    async def _compare_in_turn(self, tenant: TenantId, vault: VaultId) -> None:
        try:
            if (await self._vaults.keys(tenant, vault)).search.shard not in self._compared:
                task = self._begin(tenant, vault).task
                assert task is not None
                await asyncio.wait({task})
                task.result()
        except (NotFound, VaultLocked):
            pass  # deleted since, or done when its owner unlocks it
        except SealBroken:
            log.exception("vault.damaged vault=%s", vault)  # no reason to keep the others closed

    async def _compare(self, tenant: TenantId, vault: VaultId, told: _Comparison) -> None:
        keys = (await self._vaults.keys(tenant, vault)).search
        if keys.protection is Protection.SEALED:
            return  # it follows SQL whenever it is searched
        async with self._index.held_still(vault):
            indexed = await self._indexed(keys)
            wanted = await self._passages.active_ids(tenant, vault)
            missing: list[PassageId] = sorted(wanted - indexed)
            told.missing = len(missing)
            told.known.set()
            if surplus := indexed - wanted:
                log.info("index.repaired vault=%s removed=%d", vault, len(surplus))
                await self._index.remove(keys, surplus)
            if missing:
                log.info("index.repaired vault=%s added=%d", vault, len(missing))
            for start in range(0, len(missing), _BATCH):
                await self._add(keys, missing[start : start + _BATCH])
                told.added = min(start + _BATCH, len(missing))
        await self._drop_if_replaced(keys)
        self._compared.add(keys.shard)

    async def _indexed(self, keys: SearchKeys) -> set[PassageId]:
        """What the index has; nothing, and no shard left, where it cannot be read."""
        with contextlib.suppress(IndexDamaged):
            if keys.shard not in self._damaged:
                return await self._index.ids(keys)
        log.warning("index.rebuilt vault=%s", keys.vault)
        await self._index.drop(keys.shard)
        self._damaged.discard(keys.shard)
        return set()

    async def _add(self, keys: SearchKeys, passages: list[PassageId]) -> None:
        found = await self._passages.active(keys.tenant, passages)
        await self._ingestion.add_to_index(keys, found)
        now = await self._passages.active_ids(keys.tenant, keys.vault, among=passages)
        if (
            deleted := {item.passage_id for item in found} - now
        ):  # meanwhile, and taken out before they were added
            await self._index.remove(keys, deleted)

    async def _drop_if_replaced(self, keys: SearchKeys) -> None:
        """The vault was deleted, or its index replaced, while points were added to this one."""
        try:
            now = (await self._vaults.keys(keys.tenant, keys.vault)).search
        except NotFound:
            await self._index.drop(keys.shard)
            raise
        if now.shard != keys.shard:
            await self._index.drop(keys.shard)


def _look_at(task: asyncio.Task[None]) -> None:
    """Of a comparison that nobody may be waiting for: its error was told to whoever was."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("index.not_compared reason=%s", error)
