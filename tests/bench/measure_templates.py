"""Which tests of its set each template passes with a model: `python -m tests.bench.measure_templates [SLUG …]`.

The page says of each template which size it needs; this is what that rests on.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from agent_runtime import service, templates
from agent_runtime.events import RunFinished
from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.ports import Tools
from agent_runtime.starters import Starter
from backend.agents.beginning import read_tests
from backend.answer_checks import CHECK, Said, judge
from backend.settings import Settings
from backend.wiring import VaultEmbedder, VaultRetriever, temporary_vault
from knowledge_vault.values import TenantId
from knowledge_vault.vault import KnowledgeVault

TENANT = TenantId("bench")


async def main(model: LlamaCppModel, wanted: list[str]) -> None:
    async with temporary_vault(Settings()) as vault:
        for starter in templates.ALL:
            if not wanted or starter.slug in wanted:
                await _measure(vault, model, starter)
    model.close()


async def _measure(vault: KnowledgeVault, model: LlamaCppModel, starter: Starter) -> None:
    samples = Settings().samples_dir
    homes = []
    for sample in starter.sample_vaults:
        home = await vault.create_vault(TENANT, name=sample.name)
        homes.append(home.id)
        for file in sample.files:

            async def once(content: bytes = (samples / file).read_bytes()) -> AsyncIterator[bytes]:
                yield content

            added = await vault.add_document(TENANT, home.id, name=Path(file).name, content=once())
            await vault.parse(TENANT, added.document.id)
            await vault.index(TENANT, added.document.id)
    tools = Tools(retriever=VaultRetriever(vault, TENANT), model=model, embedder=VaultEmbedder(vault))
    for test in await read_tests(samples, starter):
        began = time.perf_counter()
        graph = starter.graph(vaults=homes)
        events = [event async for event in service.run(graph, test["question"], tools, run_id="bench")]
        took, last = time.perf_counter() - began, events[-1]
        if not isinstance(last, RunFinished):
            print(f"{starter.slug}: {took:.1f} s, FAILED, {test['question']!r}: {last}")
            continue
        citations = [citation.model_dump(mode="json") for citation in last.citations]
        said = Said(last.answer, citations, bool(citations))
        outcomes = [
            await judge(CHECK.validate_python(check), said, tools.embedder) for check in test["checks"]
        ]
        passed = all(outcome.passed for outcome in outcomes)
        told = " ".join(outcome.told for outcome in outcomes)
        print(
            f"{starter.slug}: {took:.1f} s, {'passed' if passed else 'MISSED'}, {test['question']!r}: {told}"
        )
        if not passed:
            print(f"    {last.answer[:500]!r}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slugs", nargs="*")
    parser.add_argument("--model", type=Path, default=Settings().llm)
    told = parser.parse_args()
    asyncio.run(main(LlamaCppModel(told.model, threads=1), told.slugs))
