"""A file on its way in: looked at while it streams by, sealed under a key of its own, on disk before it is known."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import replace

from knowledge_vault import crypto
from knowledge_vault.documents import NewDocument
from knowledge_vault.errors import DocumentEmpty, DocumentTooLarge
from knowledge_vault.keys.keyring import VaultKeys
from knowledge_vault.originals import Originals
from knowledge_vault.parsing.kinds import HEAD_BYTES, Kind, last_part, recognise
from knowledge_vault.values import DocumentId


async def seal_arriving(
    keys: VaultKeys,
    originals: Originals,
    content: AsyncIterable[bytes],
    *,
    document: DocumentId,
    version: int,
    name: str,
    most_bytes: int,
) -> NewDocument:
    """Seal the original and describe it; the caller records it, or deletes the file.

    Raises:
        DocumentEmpty, DocumentTooLarge, DocumentKindUnknown: nothing was kept.
    """
    data_key = keys.vault_key.new_data_key(document, version)
    arriving = _Arriving(last_part(name), keys.search.content_key, most_bytes)
    original = await originals.write(data_key, arriving.check(content))
    assert arriving.kind is not None  # `check` raised otherwise
    return NewDocument(
        id=document,
        version=version,
        name=arriving.name,
        media_type=arriving.kind.media_type,
        size_bytes=arriving.size,
        content_mac=arriving.mac.digest(),
        original=original,
        data_key=data_key,
        search_version=keys.search.version,
    )


async def digest_anew(new: NewDocument, keys: VaultKeys, originals: Originals) -> NewDocument:
    """The same after the vault's search secret was replaced while the file was arriving."""
    mac = crypto.digest(keys.search.content_key)
    async for part in originals.stream(new.original, new.data_key):
        mac.update(part)
    return replace(new, content_mac=mac.digest(), search_version=keys.search.version)


class _Arriving:
    """Its kind, size and keyed digest, and whether it may come in."""

    def __init__(self, name: str, content_key: bytes, most_bytes: int) -> None:
        self.name = name
        self.kind: Kind | None = None
        self.size = 0
        self.mac = crypto.digest(content_key)
        self._most_bytes = most_bytes

    async def check(self, content: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """The same bytes. Raises what `seal_arriving` raises, as early as it can be told."""
        head = b""
        async for part in content:
            self.size += len(part)
            if self.size > self._most_bytes:
                most = self._most_bytes // 2**20
                raise DocumentTooLarge(self.name, reason=f"the limit is {most:,} MiB a file")
            self.mac.update(part)
            if self.kind is None:
                head += part
                if len(head) < HEAD_BYTES:
                    continue
                self.kind = recognise(self.name, head[:HEAD_BYTES])
                part = head
            yield part
        if self.size == 0:
            raise DocumentEmpty(self.name)
        if self.kind is None:
            self.kind = recognise(self.name, head)
            yield head
