"""Draft tests from the documents that an agent searches, for their owner to confirm one by one."""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from agent_runtime import service as runtime
from agent_runtime.ports import ChatModel
from agent_runtime.questioning import Drafted
from backend.agent_tests.service import QUOTE_CHARACTERS
from backend.answer_checks import Check, Cites, Contains
from backend.errors import Invalid
from knowledge_vault.errors import NotFound, VaultError
from knowledge_vault.values import Document, Stage, TenantId, VaultId
from knowledge_vault.vault import KnowledgeVault

TRIES = 3
"""Passages that are tried for each question before that many fewer are drafted."""


def vaults_of(graph: Mapping[str, Any]) -> list[str]:
    """The vaults that the steps of a graph search, each once. Raises Invalid when there are none."""
    nodes = graph.get("nodes")
    found = [
        str(vault)
        for node in (nodes if isinstance(nodes, list) else ())
        if isinstance(node, dict) and isinstance(node.get("settings"), dict)
        for vault in (node["settings"].get("vaults") or ())
    ]
    if not found:
        raise Invalid("This agent searches no vault yet, so there is nothing to make questions of.")
    return list(dict.fromkeys(found))


async def draft(
    vault: KnowledgeVault, model: ChatModel, owner_id: str, vaults: Sequence[str], *, count: int, seed: int
) -> AsyncIterator[tuple[Drafted, Document]]:
    """Up to `count` questions, of as many different documents as there are.

    Raises:
        Invalid: no document is ready. ModelError: the model did not answer.
    """
    chance = random.Random(seed)
    documents = await _documents(vault, owner_id, vaults)
    if not documents:
        raise Invalid("No document of the vaults that this agent searches is ready yet.")
    chance.shuffle(documents)
    used: set[str] = set()
    for turn in range(count * TRIES):
        document = documents[turn % len(documents)]
        chunks = await vault.chunks(TenantId(owner_id), document.id)
        if not chunks:
            continue
        drafted = await runtime.draft_question(chance.choice(chunks).text, model, besides=used)
        if drafted is None:
            continue
        used.add(drafted.rests_on)
        yield drafted, document
        if len(used) == count:
            return


def checks_of(drafted: Drafted, document: Document) -> list[Check]:
    """What a right answer to a drafted question is like."""
    quote = " ".join(drafted.rests_on.split())[:QUOTE_CHARACTERS]
    checks: list[Check] = [Cites(document=document.name, quote=quote)]
    if drafted.expected:
        checks.insert(
            0, Contains(texts=list(drafted.expected), which="any" if len(drafted.expected) > 1 else "all")
        )
    return checks


async def _documents(vault: KnowledgeVault, owner_id: str, vaults: Sequence[str]) -> list[Document]:
    ready: list[Document] = []
    for vault_id in vaults:
        try:
            listed = await vault.list_documents(TenantId(owner_id), VaultId(vault_id))
        except NotFound:
            continue
        except VaultError as error:
            raise Invalid(f"The documents could not be read: {error}") from error
        ready.extend(document for document in listed if document.stage is Stage.ACTIVE)
    return ready
