"""Taking in 1,000 mixed files made from the samples: where the time goes, with the real parser and embedder."""

import asyncio
import json
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from backend.clock import SystemClock
from backend.database import Database
from backend.ingestion import DOCUMENTS_AT_ONCE
from knowledge_vault.embedding import SentenceTransformerEmbedder
from knowledge_vault.keys import RootKey
from knowledge_vault.parsing.process import ParserProcess
from knowledge_vault.tables import metadata
from knowledge_vault.values import Document, Stage, TenantId
from knowledge_vault.vault import KnowledgeVault
from scripts.prepare.places import ROOT
from tests.knowledge_vault.making import Printed, a_printed_pdf

FILES = int(os.environ.get("QANAT_BENCH_FILES", "1000"))
SEALED_ALONE = 100
BOOK_PAGES = 500
TENANT = TenantId("bench")


def main() -> dict[str, Any]:
    return asyncio.run(measure())


async def measure() -> dict[str, Any]:
    parser, embedder = ParserProcess(), SentenceTransformerEmbedder()
    with tempfile.TemporaryDirectory(prefix="qanat-bench-") as folder:
        data_dir = Path(folder)
        database = Database.at(data_dir / "qanat.db")
        async with database.writing() as connection:
            await connection.run_sync(metadata.create_all)
        vault = KnowledgeVault(
            database,
            data_dir=data_dir,
            root_key=RootKey(bytes(range(32))),
            clock=SystemClock(),
            embedder=embedder,
            parser=parser,
        )
        await asyncio.gather(vault.start(), embedder.load())
        try:
            figures = await _mixed_files(vault, parser, embedder)
            figures += await _long_book(vault)
        finally:
            await vault.stop()
            await embedder.close()
            await database.close()
    return {
        "title": f"Taking in {FILES:,} mixed files",
        "figures": figures,
        "notes": [
            f"Made from the samples. {embedder.threads} threads embed, {DOCUMENTS_AT_ONCE} documents are under "
            "way at a time, and files arrive while the first are taken in, as they do from a page.",
            "Shares are of processor time, so that what else the machine does is not counted. Sealing is that of "
            f"{SEALED_ALONE} files alone, times {FILES // SEALED_ALONE}.",
        ],
    }


async def _mixed_files(
    vault: KnowledgeVault, parser: ParserProcess, embedder: SentenceTransformerEmbedder
) -> list[dict[str, Any]]:
    sealing_s = await _sealing_alone(vault)
    home = (await vault.create_vault(TENANT, name="bench")).id
    files = mixed_files(FILES)
    waiting: asyncio.Queue[Document | None] = asyncio.Queue()
    began, began_cpu = time.monotonic(), _processor_s()

    async def take_in() -> None:
        while (document := await waiting.get()) is not None:
            await _take_in(vault, document)
        waiting.put_nowait(None)

    taking_in = [asyncio.create_task(take_in()) for _ in range(DOCUMENTS_AT_ONCE)]
    for name, content in files:
        added = await vault.add_document(TENANT, home, name=name, content=_stream(content))
        waiting.put_nowait(added.document)
    waiting.put_nowait(None)
    await asyncio.gather(*taking_in)
    await parser.close()  # what its processes used is known when they have ended
    took_s = time.monotonic() - began
    own_s, parsing_s = (now - then for now, then in zip(_processor_s(), began_cpu, strict=True))
    all_s = own_s + parsing_s
    documents = await vault.list_documents(TENANT, home)
    active = [document for document in documents if document.stage is Stage.ACTIVE]
    chunks = sum(document.chunk_count for document in active)
    return [
        {"what": "files that can be found afterwards", "value": len(active), "unit": "", "at_least": FILES},
        {"what": f"all of it ({chunks:,} chunks)", "value": round(took_s, 1), "unit": "s"},
        {"what": "chunks a second", "value": round(chunks / took_s, 1), "unit": ""},
        {
            "what": "embedding, as a share of the time of all cores",
            "value": round(embedder.busy_s / (embedder.threads * took_s), 3),
            "unit": "",
            "at_least": 0.8,
        },
        {
            "what": "embedding, as a share of all work",
            "value": round(embedder.busy_s / all_s, 3),
            "unit": "",
        },
        {
            "what": "time in which the threads that embed had something to embed",
            "value": round(embedder.at_work_s / (embedder.threads * took_s), 3),
            "unit": "",
        },
        {
            "what": "sealing and parsing, as a share of all work",
            "value": round((sealing_s + parsing_s) / all_s, 3),
            "unit": "",
            "at_most": 0.15,
        },
        {"what": "embedding", "value": round(embedder.busy_s, 1), "unit": "s"},
        {"what": "parsing", "value": round(parsing_s, 1), "unit": "s"},
        {"what": "sealing originals", "value": round(sealing_s, 1), "unit": "s"},
        {
            "what": "all else (cutting, counting words, sealing chunks, storing, the index)",
            "value": round(own_s - embedder.busy_s - sealing_s, 1),
            "unit": "s",
        },
    ]


async def _sealing_alone(vault: KnowledgeVault) -> float:
    """Processor seconds of receiving and sealing as many files, from a part of them with nothing beside it."""
    home = (await vault.create_vault(TENANT, name="sealed alone")).id
    files = mixed_files(SEALED_ALONE)
    began = time.process_time()
    for name, content in files:
        await vault.add_document(TENANT, home, name=name, content=_stream(content))
    return (time.process_time() - began) * (FILES // SEALED_ALONE)


def _processor_s() -> tuple[float, float]:
    """Of this process, and of its children that have ended."""
    times = os.times()
    return times.user + times.system, times.children_user + times.children_system


async def _long_book(vault: KnowledgeVault) -> list[dict[str, Any]]:
    """A PDF of many full pages: when its first pages are ready and told so, and when all of it is found."""
    home = (await vault.create_vault(TENANT, name="a long book")).id
    began = time.monotonic()
    added = await vault.add_document(TENANT, home, name="book.pdf", content=_stream(a_book(BOOK_PAGES)))
    taking_in = asyncio.create_task(_take_in(vault, added.document))
    read_s = first_s = first_pages = None
    while not taking_in.done():
        now = await vault.get_document(TENANT, added.document.id)
        if read_s is None and now.stage is not Stage.SEALED:
            read_s = time.monotonic() - began
        if first_s is None and now.pages_done:
            first_s, first_pages = time.monotonic() - began, now.pages_done
        await asyncio.sleep(0.05)
    await taking_in
    whole = await vault.get_document(TENANT, added.document.id)
    took_s = time.monotonic() - began
    assert whole.stage is Stage.ACTIVE
    assert whole.pages_done == BOOK_PAGES
    what = f"a PDF of {BOOK_PAGES} pages ({whole.chunk_count} chunks)"
    return [
        {"what": f"{what}: read", "value": round(read_s or took_s, 2), "unit": "s"},
        {
            "what": f"{what}: its first pages (1 to {first_pages}) embedded, sealed and told",
            "value": round(first_s or took_s, 2),
            "unit": "s",
        },
        {"what": f"{what}: all of it found", "value": round(took_s, 1), "unit": "s"},
    ]


async def _take_in(vault: KnowledgeVault, document: Document) -> None:
    await vault.parse(TENANT, document.id)
    await vault.index(TENANT, document.id)


def a_book(pages: int) -> bytes:
    """A PDF of full pages, no two alike, with a chapter's heading every twenty pages; the words are the samples'."""
    words = (ROOT / "samples" / "documents" / "water-testing.md").read_text().split()
    words = [word for word in words if word.isascii() and word.isalnum()]
    choose = random.Random(7)
    return a_printed_pdf(
        *(
            [
                *([Printed.of(f"Chapter {number // 20 + 1}", size=18)] if number % 20 == 0 else []),
                *(Printed.of(" ".join(choose.choices(words, k=13)) + ".", size=9) for _ in range(36)),
            ]
            for number in range(pages)
        )
    )


def mixed_files(count: int) -> Sequence[tuple[str, bytes]]:
    """The samples over and over, no two of the same bytes."""
    samples = sorted(path for path in (ROOT / "samples" / "documents").rglob("*") if path.is_file())
    files = []
    for number in range(count):
        path = samples[number % len(samples)]
        files.append((f"{number}-{path.name}", _another(path.read_bytes(), path.suffix, number)))
    return files


def _another(content: bytes, suffix: str, number: int) -> bytes:
    """The same document in other bytes: a remark at its end, as its kind allows."""
    if suffix == ".pdf":
        return content + f"\n% copy {number}\n".encode()
    if suffix in (".docx", ".xlsx", ".pptx", ".odt", ".epub"):
        remark = f"copy {number}".encode()
        at = content.rindex(b"PK\x05\x06") + 20  # the length of the archive's comment, then the comment
        return content[:at] + len(remark).to_bytes(2, "little") + remark
    if suffix == ".html":
        return content + f"<!-- copy {number} -->".encode()
    if suffix == ".csv":
        columns = content.split(b"\n", 1)[0].count(b",")
        return content.rstrip(b"\n") + f"\ncopy {number}{',' * columns}\n".encode()
    return content + f"\n\nCopy {number}.\n".encode()


async def _stream(content: bytes) -> AsyncIterator[bytes]:
    yield content


if __name__ == "__main__":
    print(json.dumps(main(), ensure_ascii=False))
