"""What these tests are made of: files written by hand, an embedder without a model, and a vault over a folder."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.index.engine import Engine
from knowledge_vault.keys.key_file import KeyFile
from knowledge_vault.keys.root import RootKeeper
from knowledge_vault.parsing.parsed import Parser
from knowledge_vault.ports import Embedder
from knowledge_vault.reranking import RerankingStep
from knowledge_vault.tables import metadata
from knowledge_vault.values import Document, Limits, SealedLimits, TenantId, VaultId
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.words import split_words
from tests.databases import database_at

ALICE = TenantId("alice")
BOB = TenantId("bob")


class FixedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, *, hours: float) -> None:
        self.moment += timedelta(hours=hours)


class WordEmbedder:
    """An embedder whose vectors are near when texts share words: quick, exact, the same everywhere."""

    dimension = 64

    async def embed_passages(self, texts: Sequence[str], *, urgent: bool = False) -> NDArray[np.float32]:
        return np.stack([self._vector(text) for text in texts]) if texts else np.zeros((0, 64), np.float32)

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return await self.embed_passages(texts)

    async def count_tokens(self, texts: Sequence[str]) -> Sequence[int]:
        return [len(text) // 4 + 1 for text in texts]

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimension, 0.1)
        for word in split_words(text):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            vector += np.random.default_rng(seed).standard_normal(self.dimension)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


class WordReranker:
    """A reranker that counts the question's words in a passage: the twin of the real one."""

    async def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        wanted = set(split_words(question))
        return np.array([float(sum(word in wanted for word in split_words(text))) for text in texts])


@asynccontextmanager
async def open_vault(
    home: Path,
    *,
    engine: Engine | None = None,
    limits: Limits | None = None,
    embedder: Embedder | None = None,
    parser: Parser | None = None,
    sealed: SealedLimits | None = None,
    clock: FixedClock | None = None,
    whole_up_to: int = 0,
    reranking: RerankingStep | None = None,
) -> AsyncIterator[KnowledgeVault]:
    """A started vault over `home/data`, its root key beside it; the same data when opened again.

    `whole_up_to`: the vaults of tests are so small that the product would not ask their index, which is to be tested.
    """
    data = home / "data"
    data.mkdir(exist_ok=True)
    database = database_at(data / "qanat.db")
    clock = clock or FixedClock()
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
    vault = KnowledgeVault(
        database,
        data_dir=data,
        root_key=await RootKeeper(database, KeyFile(home / "root.key", data_dir=data), clock).open(),
        clock=clock,
        embedder=embedder or WordEmbedder(),
        engine=engine,
        limits=limits,
        parser=parser,
        sealed_limits=sealed,
        whole_up_to=whole_up_to,
        reranking=reranking,
    )
    await vault.start()
    try:
        yield vault
    finally:
        await vault.stop()
        await database.close()


def files_under(folder: Path, pattern: str = "*") -> list[Path]:
    return [path for path in folder.rglob(pattern) if path.is_file()]


async def stream(content: bytes, *, piece: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), piece):
        yield content[start : start + piece]


async def take_in(
    vault: KnowledgeVault, home: VaultId, name: str, content: bytes | str, *, tenant: TenantId = ALICE
) -> Document:
    """Add a document and take it through all stages; it may end as failed."""
    data = content.encode() if isinstance(content, str) else content
    added = await vault.add_document(tenant, home, name=name, content=stream(data))
    await vault.parse(tenant, added.document.id)
    await vault.index(tenant, added.document.id)
    return await vault.get_document(tenant, added.document.id)


def a_pdf(*pages: str) -> bytes:
    """A PDF with a line of text per line of each page; an empty page has no text at all."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for page in pages:
        lines = [
            line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in page.split("\n")
        ]
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines if line)
        content = f"BT /F1 11 Tf 50 780 Td {shown} ET" if shown else ""
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> "
            f"/Contents {len(objects) + 2} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return _pdf_file(objects, trailer="/Root 1 0 R")


@dataclass(frozen=True)
class Printed:
    """A line on a page: its words, by how far from the left they begin."""

    words: Mapping[int, str]
    size: int = 11
    is_bold: bool = False

    @classmethod
    def of(cls, text: str, *, size: int = 11, is_bold: bool = False) -> "Printed":
        return cls({50: text}, size, is_bold)


def a_printed_pdf(*pages: Sequence[Printed], bookmarks: Sequence[tuple[str, int]] = ()) -> bytes:
    """A PDF whose lines look as they are told to; `bookmarks` are titles with the index of their page."""
    fonts = (
        "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> "
        "/F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> >>"
    )
    objects = ["", ""]
    page_numbers = []
    for page in pages:
        shown = []
        for row, line in enumerate(page):
            font = "F2" if line.is_bold else "F1"
            shown += [
                f"BT /{font} {line.size} Tf {left} {780 - 20 * row} Td ({words}) Tj ET"
                for left, words in line.words.items()
            ]
        content = "\n".join(shown)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << {fonts} >> /Contents {len(objects) + 2} 0 R >>"
        )
        page_numbers.append(len(objects))
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    kids = " ".join(f"{number} 0 R" for number in page_numbers)
    objects[1] = f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"
    root = len(objects) + 1
    first = root + 1
    for number, (title, page_index) in enumerate(bookmarks):
        if number == 0:
            objects.append(
                f"<< /Type /Outlines /First {first} 0 R /Last {root + len(bookmarks)} 0 R /Count {len(bookmarks)} >>"
            )
        following = f"/Next {first + number + 1} 0 R" if number + 1 < len(bookmarks) else ""
        objects.append(
            f"<< /Title ({title}) /Parent {root} 0 R /Dest [{page_numbers[page_index]} 0 R /Fit] {following} >>"
        )
    objects[0] = f"<< /Type /Catalog /Pages 2 0 R {f'/Outlines {root} 0 R' if bookmarks else ''} >>"
    return _pdf_file(objects, trailer="/Root 1 0 R")


def a_locked_pdf() -> bytes:
    """A PDF whose standard security handler wants a password that is not empty."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [] /Count 0 >>",
        f"<< /Filter /Standard /V 1 /R 2 /O <{'41' * 32}> /U <{'42' * 32}> /P -44 >>",
    ]
    return _pdf_file(objects, trailer=f"/Root 1 0 R /Encrypt 3 0 R /ID [<{'00' * 16}> <{'00' * 16}>]")


def _pdf_file(objects: Sequence[str], *, trailer: str) -> bytes:
    data = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} {trailer} >>\n"
    return data + f"{end}startxref\n{len(data)}\n%%EOF\n".encode()


_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"


def a_docx(heading: str, *paragraphs: str, table: Sequence[Sequence[str]] = ()) -> bytes:
    def paragraph(text: str, style: str = "") -> str:
        properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
        return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"

    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in table
    )
    body = paragraph(heading, "Heading1") + "".join(map(paragraph, paragraphs))
    body += f"<w:tbl>{rows}</w:tbl>" if rows else ""
    return a_zip(
        {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument'
            '.wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
            f'Type="{_OFFICE}/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
        }
    )


def a_zip(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            is_kind = name == "mimetype"  # which books and OpenDocument keep first and as it is
            archive.writestr(name, content, zipfile.ZIP_STORED if is_kind else None)
    return buffer.getvalue()
