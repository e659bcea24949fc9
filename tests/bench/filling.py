"""Fill vaults with as many chunks as a measurement needs, without embedding each: by the product's own parts.

The vectors are those of real sentences (the evaluation set's), each moved a little, so that they lie in clusters as
real ones do; the texts are eight sentences of the set put together, so that words are as common as in real text.
What is measured over them is the product's own path: sealed rows, scrambled index, statistics.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.documents import NewDocument, OpenDocument
from knowledge_vault.passages import Searchable, passage_id, searchable
from knowledge_vault.ports import Embedder
from knowledge_vault.values import Chunk, DocumentId, Stage, TenantId, VaultId
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.words import Language, split_words, stem

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "retrieval" / "xquad_dev.en"
TENANT = TenantId("bench")
_LANGUAGE = Language("english")
_SPREAD = 0.25
_SENTENCES = 8
"""In a chunk: about 1,000 characters and 110 distinct words."""
_BATCH = 500


@dataclass(frozen=True, eq=False)
class Material:
    """What chunks are made of."""

    sentences: Sequence[str]
    vectors: NDArray[np.float32]
    """`(len(sentences), dimension)`, float32, rows of length 1."""
    questions: Sequence[str]
    question_vectors: NDArray[np.float32]
    """`(len(questions), dimension)`, float32, rows of length 1."""


async def material(embedder: Embedder, *, questions: int = 200) -> Material:
    corpus = _lines(DATA / "corpus.jsonl")
    sentences = [
        sentence
        for record in corpus
        for sentence in re.split(r"(?<=[.!?]) +", record["text"])
        if len(sentence) > 30
    ]
    asked = [record["text"] for record in _lines(DATA / "queries.jsonl")[::3][:questions]]
    return Material(
        sentences,
        await embedder.embed_passages(sentences),
        asked,
        await embedder.embed_queries(asked),
    )


async def fill(
    vault: KnowledgeVault,
    home: VaultId,
    made_of: Material,
    *,
    documents: int,
    chunks_each: int,
    seed: int = 0,
) -> None:
    """Add documents that went through every stage, in one transaction per document."""
    rng = np.random.default_rng(seed)
    keys = await vault._vaults.keys(TENANT, home)
    stems = [
        [keys.search.word(_LANGUAGE, word) for word in stem(split_words(sentence), _LANGUAGE)]
        for sentence in made_of.sentences
    ]
    for number in range(documents):
        await add(
            vault,
            home,
            lambda opened: [_chunk(opened, at, made_of, stems, rng) for at in range(chunks_each)],
            name=f"{number}.txt",
        )


async def add(
    vault: KnowledgeVault,
    home: VaultId,
    chunks: Callable[[OpenDocument], Sequence[Searchable]],
    *,
    name: str,
) -> DocumentId:
    """Add one document of these chunks, as if it had been parsed and embedded."""
    keys = await vault._vaults.keys(TENANT, home)
    document = DocumentId(uuid4().hex)
    new = NewDocument(
        id=document,
        version=1,
        name=name,
        media_type="text/plain",
        size_bytes=1000,
        content_mac=uuid4().bytes,
        original=uuid4().hex,
        data_key=keys.vault_key.new_data_key(document, 1),
        search_version=keys.search.version,
    )
    await vault._documents.add(TENANT, home, new)
    entry = await vault._documents.get(TENANT, document)
    found = chunks(entry.opened)
    async with vault._database.writing() as connection:
        await vault._passages.save(connection, entry, found)
        await vault._documents.advance(
            connection, entry, before=Stage.SEALED, after=Stage.EMBEDDED, chunk_count=len(found)
        )
    await vault.index(TENANT, document)
    return document


def _chunk(
    document: OpenDocument,
    number: int,
    made_of: Material,
    stems: Sequence[Sequence[int]],
    rng: np.random.Generator,
) -> Searchable:
    picked = rng.integers(0, len(made_of.sentences), _SENTENCES)
    base = made_of.vectors[picked[0]]
    moved = base + _SPREAD * _unit(rng, len(base))
    text = " ".join(made_of.sentences[each] for each in picked)
    words: Mapping[int, int] = Counter(term for each in picked for term in stems[each])
    return searchable(
        Chunk(passage_id(document.id, 1, number), number, text, 0, len(text), None, "", 0, len(text)),
        document,
        language=_LANGUAGE,
        words=words,
        vector=(moved / np.linalg.norm(moved)).astype(np.float32),
    )


def _unit(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    vector = rng.standard_normal(size)
    return np.asarray(vector / np.linalg.norm(vector))


def _lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
