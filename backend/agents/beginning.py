"""Begin an agent from a template with its sample documents: vaults that hold them, and the tests that come along."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from agent_runtime.starters import SampleVault, Starter
from backend.accounts.store import User
from backend.agents.service import OpenAgent
from backend.answer_checks import CHECK
from backend.services import Services
from knowledge_vault.values import Stage, TenantId, VaultId

ABOUT = "Invented documents, to try a template with. Delete the vault when you no longer need it."


async def begin_with_samples(
    services: Services, user: User, starter: Starter, *, name: str, description: str
) -> OpenAgent:
    """The agent over sample vaults that are being taken in, which takes some seconds; with tests that it passes.

    Vaults that an earlier agent was begun with are used again.
    """
    vaults = [await _sample_vault(services, TenantId(user.id), sample) for sample in starter.sample_vaults]
    graph = starter.graph(vaults=vaults)
    opened = await services.agents.create(
        user.id, name=name, description=description or starter.description, graph=graph.document()
    )
    for test in await read_tests(services.settings.samples_dir, starter):
        await services.agent_tests.add(
            user.id,
            opened.agent.id,
            question=test["question"],
            checks=[CHECK.validate_python(check) for check in test["checks"]],
            state="confirmed",
            origin={"from": "template"},
        )
    return await services.agents.get(user.id, opened.agent.id)


async def read_tests(samples: Path, starter: Starter) -> list[dict[str, Any]]:
    """The template's test set: `question` and `checks` of each; empty where the samples are not installed."""
    path = samples / starter.tests
    if not starter.tests or not await asyncio.to_thread(path.is_file):
        return []
    tests: list[dict[str, Any]] = json.loads(await asyncio.to_thread(path.read_text, encoding="utf-8"))
    return tests


async def _sample_vault(services: Services, tenant_id: TenantId, sample: SampleVault) -> VaultId:
    there = await services.vault.list_vaults(tenant_id)
    vault = next((vault for vault in there if vault.name == sample.name), None)
    if vault is None:
        vault = await services.vault.create_vault(tenant_id, name=sample.name, description=ABOUT)
    for file in sample.files:
        path = services.settings.samples_dir / file
        added = await services.vault.add_document(
            tenant_id, vault.id, name=path.name, content=_bytes_of(path)
        )
        if added.document.stage is not Stage.ACTIVE:
            await services.ingestion.submit(tenant_id, added.document.id, job=added.document.job)
    return vault.id


async def _bytes_of(path: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(path.read_bytes)
