"""Everything a route may call, built once by `wiring.py`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from agent_runtime.ports import McpServers
from backend.accounts.service import Accounts
from backend.agent_tests.service import AgentTests
from backend.agent_tests.work import TestWork
from backend.agents.history import History
from backend.agents.publishing import Publishing
from backend.agents.service import Agents
from backend.api_keys.service import ApiKeys
from backend.catalogue.service import Catalogue
from backend.chats.service import Chats
from backend.database import Database
from backend.facts.service import Facts
from backend.ingestion import Ingestion
from backend.inquiries.service import Inquiries
from backend.models.service import ModelRegistry
from backend.runs.citations import CitedPassages
from backend.runs.retracing import Retracing
from backend.runs.service import Runs
from backend.scrubs.service import RecordScrubber
from backend.settings import Settings
from backend.stored_secrets.service import StoredSecrets
from backend.tries import Tries
from backend.vaults.recutting import Recutting
from knowledge_vault.keys.root import RootKeeper
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.web_pages import WebPages
from licensing.service import Licensing


@dataclass(frozen=True)
class Part:
    """One part of the server, for `/readyz`."""

    name: str
    ready: bool
    detail: str


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    accounts: Accounts
    api_keys: ApiKeys
    stored_secrets: StoredSecrets
    mcp_for: Callable[[str], McpServers]
    """The MCP servers that the operator allowed, with the secrets of this person."""
    vault: KnowledgeVault
    unlock_tries: Tries
    ingestion: Ingestion
    recutting: Recutting
    web_pages: WebPages
    agents: Agents
    history: History
    agent_tests: AgentTests
    test_work: TestWork
    publishing: Publishing
    catalogue: Catalogue
    runs: Runs
    retracing: Retracing
    cited_passages: CitedPassages
    chats: Chats
    inquiries: Inquiries
    facts: Facts
    licensing: Licensing
    models: ModelRegistry
    embedder_name: str
    local_token: Callable[[], str]
    """Signs in the owner's own command line, which has the root key; new with every start."""
    root: RootKeeper
    record_scrubber: RecordScrubber
    parts: Callable[[], Awaitable[Sequence[Part]]]


def get_services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]
