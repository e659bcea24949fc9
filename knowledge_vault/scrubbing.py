"""Open everything that is sealed in a vault, to find what was altered, cut or lost before somebody needs it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from knowledge_vault.documents import Documents, KeptVersion
from knowledge_vault.errors import SealBroken
from knowledge_vault.keys.keyring import VaultKeys
from knowledge_vault.keys.tree import DataKey
from knowledge_vault.originals import Originals
from knowledge_vault.passages import Passages
from knowledge_vault.ports import Database
from knowledge_vault.quarantine import Quarantine
from knowledge_vault.values import DocumentId, TenantId, VaultId
from knowledge_vault.vaults import Vaults


@dataclass(frozen=True)
class Damage:
    document_id: DocumentId | None
    """None: the vault's own keys or name."""
    parts: tuple[str, ...]
    """Which of its sealed parts do not open, such as "original" or "chunk 3"."""


_BESIDE_IT = frozenset({"tags", "origin", "web problem"})
"""Parts without which a document is still found and read in full: it is named, not put away."""


@dataclass(frozen=True)
class Scrubbed:
    """How far a scrub has come."""

    done: int
    total: int
    """Documents, those that are to replace others counted too."""
    damage: Damage | None
    """What was found last, if it was damaged."""


class Scrubber:
    def __init__(
        self,
        database: Database,
        vaults: Vaults,
        documents: Documents,
        passages: Passages,
        originals: Originals,
        quarantine: Quarantine,
    ) -> None:
        self._database = database
        self._vaults = vaults
        self._documents = documents
        self._passages = passages
        self._originals = originals
        self._quarantine = quarantine

    async def run(self, tenant: TenantId, vault: VaultId) -> AsyncIterator[Scrubbed]:
        """One value per document; one that cannot be read in full is put away before it is told of.

        Reads rows, not memory.

        Raises:
            NotFound, VaultLocked
        """
        try:
            async with self._database.reading() as connection:
                keys = await self._vaults.keys_in(connection, tenant, vault)
            await self._vaults.check_labels(tenant, vault, keys)
        except SealBroken:
            yield Scrubbed(0, 0, Damage(None, ("the vault's keys or name",)))
            return
        versions = await self._documents.kept_versions(vault)
        for done, version in enumerate(versions, start=1):
            parts = await self._damaged_parts(version, keys)
            damage = None
            if parts:
                damage = Damage(version.id, tuple(parts))
                if not _BESIDE_IT.issuperset(parts):
                    await self._quarantine.put_away(tenant, version.id)
            yield Scrubbed(done, len(versions), damage)

    async def _damaged_parts(self, version: KeptVersion, keys: VaultKeys) -> list[str]:
        key = keys.of_version(version.key_version) if version.sealed_key is not None else None
        if key is None or version.sealed_key is None:
            return ["data key"]
        try:
            data_key = key.open_data_key(version.sealed_key, version.id, version.version)
        except SealBroken:
            return ["data key"]
        parts = [
            kind
            for kind, sealed in (
                ("name", version.sealed_name),
                ("problem", version.sealed_problem),
                ("tags", version.sealed_tags),
                ("origin", version.sealed_origin),
                ("web problem", version.sealed_web_problem),
            )
            if sealed is not None and not _opens(data_key, sealed, kind)
        ]
        try:
            async for _ in self._originals.stream(version.original, data_key):
                pass
        except SealBroken:
            parts.append("original")
        text, chunks = await self._documents.sealed_text(version)
        if version.is_active if text is None else not await asyncio.to_thread(_opens, data_key, text, "text"):
            parts.append("text")
        wanted = range(version.chunk_count) if version.is_active else sorted(chunks)
        return parts + [
            f"chunk {number}"
            for number in wanted
            if number not in chunks or not _opens(data_key, chunks[number], "chunk", number)
        ]


def _opens(data_key: DataKey, sealed: bytes, kind: str, *more: int) -> bool:
    try:
        data_key.open(sealed, kind, *more)
    except SealBroken:
        return False
    return True
