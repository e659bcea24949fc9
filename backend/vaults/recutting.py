"""Cuts a vault's documents anew after its sizes were changed: one after the other, behind everything else.

Which vaults are to be cut is kept, so that a server that was stopped goes on with them. Documents whose turn has not
come keep their old passages, which stay right.
"""

import asyncio
import logging
from dataclasses import dataclass, field

from sqlalchemy import Column, String, Table, delete, insert, select

from backend.database import Database, metadata
from backend.ingestion import Ingestion
from knowledge_vault.errors import NotFound, SealBroken, VaultError
from knowledge_vault.values import DocumentId, TenantId, VaultId
from knowledge_vault.vault import KnowledgeVault

_PAUSE_S = 1.0
"""Between looks at documents that were still being taken in."""

log = logging.getLogger("qanat.vaults")

to_be_cut = Table(
    "vaults_to_be_cut",
    metadata,
    Column("vault_id", String(32), primary_key=True),
    Column("tenant_id", String(32), nullable=False),
)
"""Vaults whose documents are to be cut by newer sizes, until the last one is."""


@dataclass(frozen=True)
class Progress:
    is_under_way: bool
    done: int
    """Documents cut by the newest sizes by now, or that need no new cut."""
    total: int
    """0 when none was begun since the server started."""


@dataclass
class _Round:
    """One time through a vault's documents."""

    total: int = 0
    looked_at: int = 0
    begun: set[DocumentId] = field(default_factory=set)


class Recutting:
    def __init__(self, database: Database, vault: KnowledgeVault, ingestion: Ingestion) -> None:
        self._database = database
        self._vault = vault
        self._ingestion = ingestion
        self._running: dict[VaultId, asyncio.Task[None]] = {}
        self._rounds: dict[VaultId, _Round] = {}

    async def start(self) -> None:
        """Go on with the vaults that were not done when the server stopped."""
        async with self._database.reading() as connection:
            waiting = (await connection.execute(select(to_be_cut))).all()
        for row in waiting:
            self._begin(TenantId(row.tenant_id), VaultId(row.vault_id))

    async def begin(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        """Begin with the vault, or begin again with it by its newest sizes."""
        if earlier := self._running.get(vault_id):
            earlier.cancel()
            await asyncio.wait({earlier})
        async with self._database.writing() as connection:
            await connection.execute(delete(to_be_cut).where(to_be_cut.c.vault_id == vault_id))
            await connection.execute(insert(to_be_cut).values(vault_id=vault_id, tenant_id=tenant_id))
        self._begin(tenant_id, vault_id)

    def _begin(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        if earlier := self._running.get(vault_id):
            earlier.cancel()
        this = self._rounds[vault_id] = _Round()
        task = asyncio.create_task(self._cut(tenant_id, vault_id, this), name=f"recut-{vault_id}")
        self._running[vault_id] = task
        task.add_done_callback(lambda done: self._forget(vault_id, done))

    async def progress(self, tenant_id: TenantId, vault_id: VaultId) -> Progress:
        """How far the newest round has come.

        Raises:
            NotFound: the vault is not this tenant's.
        """
        left = await self._vault.under_way(tenant_id, vault_id)
        this = self._rounds.get(vault_id, _Round())
        left &= this.begun
        return Progress(
            is_under_way=vault_id in self._running or bool(left),
            done=this.looked_at - len(left),
            total=this.total,
        )

    async def stop(self) -> None:
        for task in list(self._running.values()):
            task.cancel()
            await asyncio.wait({task})

    async def _cut(self, tenant_id: TenantId, vault_id: VaultId, this: _Round) -> None:
        try:
            waiting = [each.id for each in await self._vault.list_documents(tenant_id, vault_id)]
            this.total = len(waiting)
            while True:
                under_way = await self._vault.under_way(tenant_id, vault_id)
                for document in waiting:
                    if document not in under_way:
                        await self._cut_one(tenant_id, document, this)
                # What was being taken in may have been cut by the sizes before: it is looked at when it is there.
                waiting = [document for document in waiting if document in under_way]
                if not waiting:
                    break
                await asyncio.sleep(_PAUSE_S)
            await self._done(vault_id)
        except NotFound:  # deleted meanwhile
            await self._done(vault_id)
        except VaultError as error:  # locked meanwhile: gone on with at the next start
            log.warning("vault.recutting_ended vault=%s error=%s", vault_id, type(error).__name__)

    async def _done(self, vault_id: VaultId) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(to_be_cut).where(to_be_cut.c.vault_id == vault_id))

    async def _cut_one(self, tenant_id: TenantId, document_id: DocumentId, this: _Round) -> None:
        try:
            if await self._vault.cut_anew(tenant_id, document_id):
                this.begun.add(document_id)
                begun = await self._vault.get_document(tenant_id, document_id)
                await self._ingestion.submit(tenant_id, document_id, job=begun.job)
        except (NotFound, SealBroken):  # deleted meanwhile, or damaged, which keeps no other from its turn
            pass
        this.looked_at += 1

    def _forget(self, vault_id: VaultId, done: asyncio.Task[None]) -> None:
        if self._running.get(vault_id) is done:
            del self._running[vault_id]
