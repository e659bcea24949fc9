"""How fast passages are found among many: one vault of 100,000 chunks, standard and sealed, and 1,000 vaults of 100.

Embedding the question is not in the times: every question's vector is known beforehand. Filling takes eight minutes;
`QANAT_BENCH_FILLED` names a folder in which the filled vaults are kept for the next run. Each kind is measured in a
process of its own, so that what filling left behind is not in its memory.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no types

from backend.long_lived import keep_out_of_collections
from knowledge_vault.embedding import SentenceTransformerEmbedder
from knowledge_vault.search import OVERFETCH
from knowledge_vault.values import Protection, VaultId
from knowledge_vault.vault import KnowledgeVault
from scripts.prepare.places import PYTHON, ROOT
from tests.bench.filling import DATA, TENANT, Material, fill, material
from tests.knowledge_vault.making import open_vault

CHUNKS = int(os.environ.get("QANAT_BENCH_CHUNKS", "100000"))
_EACH = 50
_KINDS = ("standard", "sealed", "many")

Figures = list[dict[str, Any]]


def main() -> dict[str, Any]:
    title = "Searching among many"
    if not DATA.is_dir():
        return {"title": title, "skipped": f"the evaluation set is not at {DATA}"}
    figures: Figures = []
    for kind in _KINDS:
        with folder_for(kind) as folder:
            for step in ("fill", "measure"):
                ended = subprocess.run(
                    [PYTHON, "-m", "tests.bench.bench_search", step, kind, str(folder)],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
            figures += json.loads(ended.stdout.strip().splitlines()[-1])
    notes = [
        "200 questions of the evaluation set, one after the other, each of which opens and scores up to 300 sealed "
        "chunks; embedding the question is not counted.",
        "The vectors are those of 774 real sentences, each moved by a quarter of its length; the texts are eight of "
        "those sentences put together. A candidate of one list is seldom one of the other then, which costs more "
        "than real text does.",
        "Memory is what a fresh process grew by, from opening the vault to the last search.",
    ]
    return {"title": title, "figures": figures, "notes": notes}


@contextmanager
def folder_for(kind: str) -> Iterator[Path]:
    kept = os.environ.get("QANAT_BENCH_FILLED")
    if kept:
        folder = Path(kept) / kind
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="qanat-bench-") as made:
            yield Path(made)


async def fill_up(kind: str, folder: Path) -> None:
    if (folder / "filled").exists():
        return
    async with opened(folder) as (vault, made_of):
        protection = Protection.SEALED if kind == "sealed" else Protection.STANDARD
        vaults, documents = (CHUNKS // 100, 2) if kind == "many" else (1, CHUNKS // _EACH)
        for number in range(vaults):
            home = (await vault.create_vault(TENANT, name=f"{number}", protection=protection)).id
            await fill(vault, home, made_of, documents=documents, chunks_each=_EACH, seed=number)
    (folder / "filled").touch()


async def measure(kind: str, folder: Path) -> Figures:
    async with opened(folder) as (vault, made_of):
        homes = [each.id for each in await vault.list_vaults(TENANT)]
        if kind == "many":
            return await many_vaults(vault, homes, made_of)
        return await one_vault(vault, homes[0], made_of, Protection(kind), folder)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[KnowledgeVault, Material]]:
    embedder = SentenceTransformerEmbedder()
    try:
        made_of = await material(embedder)
        async with open_vault(folder, embedder=embedder, whole_up_to=OVERFETCH) as vault:
            yield vault, made_of
    finally:
        await embedder.close()


async def one_vault(
    vault: KnowledgeVault, home: VaultId, made_of: Material, protection: Protection, folder: Path
) -> Figures:
    name = f"one {protection} vault of {CHUNKS:,} chunks"
    index_bytes = size_of(folder / "data" / "index")
    sql_bytes = size_of(folder / "data") - index_bytes
    before = psutil.Process().memory_info().rss
    figures = await first_use(vault, home, made_of, name, protection)
    keep_out_of_collections()  # as the server does when it is ready
    times = await ask(vault, [home], made_of)
    memory = psutil.Process().memory_info().rss - before
    bounds = (25, 60) if protection is Protection.STANDARD else (None, 60)
    return [
        *figures,
        *of_times(name, times, bounds),
        {"what": f"{name}, memory per chunk", "value": round(memory / CHUNKS), "unit": "B"},
        {"what": f"{name}, index at rest per chunk", "value": round(index_bytes / CHUNKS), "unit": "B"},
        {"what": f"{name}, database per chunk", "value": round(sql_bytes / CHUNKS), "unit": "B"},
    ]


async def first_use(
    vault: KnowledgeVault, home: VaultId, made_of: Material, name: str, protection: Protection
) -> Figures:
    if protection is Protection.STANDARD:
        await ask_one(vault, home, made_of, 0)
        return []
    keys = (await vault._vaults.keys(TENANT, home)).search
    seconds = []
    for _ in range(3):
        vault._sealed.close_vault(home)
        began = time.perf_counter()
        await vault._sealed.refresh(keys)
        seconds.append(time.perf_counter() - began)
    value = round(sorted(seconds)[1], 3)
    return [{"what": f"{name}, opened into memory", "value": value, "unit": "s", "at_most": 0.5}]


async def many_vaults(vault: KnowledgeVault, homes: Sequence[VaultId], made_of: Material) -> Figures:
    name = f"{len(homes):,} standard vaults of 100 chunks, another one each time"
    picked = random.Random(1).sample(homes, len(homes))
    await ask_one(vault, picked[0], made_of, 0)
    keep_out_of_collections()
    return of_times(name, await ask(vault, picked[1:], made_of), (25, 60))


async def ask(vault: KnowledgeVault, homes: Sequence[VaultId], made_of: Material) -> list[float]:
    """Milliseconds of each question, asked of one vault after the other."""
    return [
        await ask_one(vault, homes[number % len(homes)], made_of, number)
        for number in range(len(made_of.questions))
    ]


async def ask_one(vault: KnowledgeVault, home: VaultId, made_of: Material, number: int) -> float:
    began = time.perf_counter()
    found = await vault._searcher.search(
        TENANT,
        [home],
        made_of.questions[number],
        limit=8,
        within=None,
        vector=made_of.question_vectors[number],
    )
    took_ms = (time.perf_counter() - began) * 1000
    assert found.passages
    return took_ms


def of_times(name: str, times: Sequence[float], bounds: tuple[int | None, int]) -> Figures:
    ordered = sorted(times)
    shares = (("p50", 0.5, bounds[0]), ("p95", 0.95, bounds[1]))
    return [
        {
            "what": f"{name}, search {label}",
            "value": round(ordered[int(len(ordered) * share)], 1),
            "unit": "ms",
        }
        | ({} if bound is None else {"at_most": bound})
        for label, share, bound in shares
    ]


def size_of(folder: Path) -> int:
    """On the disk, holes not counted."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print(json.dumps(main(), ensure_ascii=False))
    elif sys.argv[1] == "fill":
        asyncio.run(fill_up(sys.argv[2], Path(sys.argv[3])))
    else:
        print(json.dumps(asyncio.run(measure(sys.argv[2], Path(sys.argv[3])))))
