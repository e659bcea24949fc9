"""The one file that sees all three packages and joins them. Nothing decides here; it only connects."""

import asyncio
import hashlib
import hmac
import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from agent_runtime import ports as runtime_ports
from agent_runtime.errors import RetrievalFailed, SupportCheckFailed
from agent_runtime.limits import RunLimits
from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.models.openai_compatible import OpenAICompatibleModel
from backend import records, schema
from backend.accounts.service import Accounts
from backend.agent_calls.planning import CallPlanner
from backend.agent_calls.service import AgentCalls
from backend.agent_tests.service import AgentTests
from backend.agent_tests.work import TestWork
from backend.agents.history import History
from backend.agents.publishing import Publishing
from backend.agents.service import Agents
from backend.api_keys.service import ApiKeys
from backend.catalogue.service import Catalogue
from backend.chats.service import Chats, chat_of
from backend.clock import Clock, SystemClock
from backend.database import Database
from backend.facts.service import Facts
from backend.ingestion import Ingestion
from backend.inquiries.service import Inquiries
from backend.long_lived import keep_out_of_collections
from backend.models.service import ModelRegistry
from backend.outside.mcp_servers import OperatorsMcpServers, allowed_servers
from backend.outside.requests import Owner
from backend.outside.web_services import GuardedWebServices
from backend.records import database_file, jobs_database, open_records
from backend.resuming import keep_submitting, submit_unfinished
from backend.root_key.providers import keeper_of
from backend.runs.citations import CitedPassages
from backend.runs.invocation import Invocation
from backend.runs.retracing import Retracing
from backend.runs.service import Runs
from backend.scrubs.service import RecordScrubber
from backend.sealed import Sealer
from backend.server_secrets import get_secret
from backend.services import Part, Services
from backend.settings import Settings
from backend.stored_secrets.service import StoredSecrets
from backend.tries import Tries
from backend.vaults.following import keep_following
from backend.vaults.recutting import Recutting
from knowledge_vault.cross_encoder import CrossEncoderReranker
from knowledge_vault.embedding import SentenceTransformerEmbedder
from knowledge_vault.errors import NotFound, VaultError
from knowledge_vault.fetching import Fetcher
from knowledge_vault.guarded_http import GuardedHttp
from knowledge_vault.index.edge import EdgeEngine
from knowledge_vault.index.engine import Engine
from knowledge_vault.index.server import ServerEngine
from knowledge_vault.keys import RootKey
from knowledge_vault.keys.tenants import TenantKeys
from knowledge_vault.reranking import RerankingStep
from knowledge_vault.values import Document, DocumentId, Filters, Limits, Stage, TenantId, VaultId
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.web_pages import WebPages
from knowledge_vault.web_schedule import WebSchedule
from licensing import siwe
from licensing.service import Licensing
from licensing.settings import LicensingSettings
from licensing.values import Address, Freshness
from licensing.values import Limits as LicensingLimits

log = logging.getLogger("qanat.server")

SERVER = "server"
"""The tenant id under which the server's own secrets are sealed; people's ids are 32 hexadecimal digits."""


@dataclass(frozen=True)
class VaultRetriever:
    """Lets one run search the vaults of the agent's owner, and nobody else's."""

    vault: KnowledgeVault
    tenant_id: TenantId

    async def search(
        self,
        question: str,
        *,
        vaults: Collection[str],
        limit: int,
        filters: runtime_ports.Filters = runtime_ports.NO_FILTERS,
        rerank: bool = True,
    ) -> runtime_ports.Found:
        try:
            found = await self.vault.search(
                self.tenant_id,
                [VaultId(vault) for vault in vaults],
                question,
                limit=limit,
                filters=Filters(
                    tags=filters.tags,
                    types=filters.types,
                    documents=filters.documents,
                    added_after=_day_begins(filters.added_after),
                    added_before=_day_begins(filters.added_before),
                ),
                rerank=rerank,
            )
        except NotFound as error:
            raise RetrievalFailed(
                "A vault that this agent searches is gone. Choose another one in its search step."
            ) from error
        except VaultError as error:
            raise RetrievalFailed(f"The documents could not be searched: {error}") from error
        pages = await self._pages({p.document_id for p in found.passages if p.page is not None})
        passages = tuple(
            runtime_ports.Passage(
                passage_id=passage.passage_id,
                vault_id=passage.vault_id,
                document_id=passage.document_id,
                document=passage.document,
                text=passage.text,
                start=passage.start,
                end=passage.end,
                page=passage.page,
                pages=tuple(
                    page
                    for page in pages.get(passage.document_id, ())
                    if page.start < passage.end and page.end > passage.start
                ),
                score=passage.score,
                heading=passage.heading,
                ranks=runtime_ports.Ranks(
                    keyword=passage.ranks.keyword,
                    vector=passage.ranks.vector,
                    fused=passage.ranks.fused,
                    rerank=passage.ranks.rerank,
                )
                if passage.ranks
                else runtime_ports.Ranks(),
            )
            for passage in found.passages
        )
        decided = found.relevance
        return runtime_ports.Found(
            passages,
            is_relevant=decided.found,
            why=decided.reason,
            measured={
                name: round(getattr(decided, name), 3)
                for name in ("margin", "likeness", "coverage", "together", "lead", "ahead")
            },
            not_ready=tuple(
                runtime_ports.NotReady(
                    here.vault_id, here.count, tuple(_not_ready(document) for document in here.documents)
                )
                for here in found.not_ready
            ),
            reranking=found.reranking.value,
        )

    async def _pages(
        self, documents: Collection[DocumentId]
    ) -> Mapping[DocumentId, Sequence[runtime_ports.PageSpan]]:
        """Where the pages of these documents lie, so that a quote names the page it stands on."""
        spans: dict[DocumentId, Sequence[runtime_ports.PageSpan]] = {}
        for document_id in documents:
            try:
                parsed = await self.vault.document_text(self.tenant_id, document_id)
            except NotFound:  # deleted since it was found
                continue
            spans[document_id] = [
                runtime_ports.PageSpan(page.number, page.start, page.end) for page in parsed.pages
            ]
        return spans


def _not_ready(document: Document) -> runtime_ports.NotReadyDocument:
    stage: Literal["waiting", "reading", "preparing", "failed", "stopped"]
    match document.stage:
        case Stage.FAILED:
            stage = "failed"
        case Stage.CANCELLED:
            stage = "stopped"
        case Stage.SEALED:
            stage = "reading" if document.progress else "waiting"
        case _:
            stage = "preparing"
    reason = document.problem.title if document.problem and stage == "failed" else ""
    return runtime_ports.NotReadyDocument(document.id, document.name, stage, reason)


def _day_begins(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, UTC)


@dataclass(frozen=True)
class VaultEmbedder:
    """Lends the vault's embedder to the runtime's support check."""

    vault: KnowledgeVault

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        try:
            return await self.vault.embed(texts)
        except VaultError as error:
            raise SupportCheckFailed(
                f"The answer could not be compared with its passages: {error}"
            ) from error


def cross_encoder(settings: Settings) -> CrossEncoderReranker | None:
    """The reranker that the operator named, if any."""
    if settings.reranker_dir is None:
        return None
    return CrossEncoderReranker(settings.reranker_dir, threads=settings.embedder_threads)


def _reranking(settings: Settings, reranker: CrossEncoderReranker | None) -> RerankingStep | None:
    if reranker is None:
        return None
    return RerankingStep(
        reranker, candidates=settings.reranker_candidates, timeout_s=settings.reranker_timeout_s
    )


def chat_model(settings: Settings) -> runtime_ports.ChatModel:
    """The model that answers: a server by address, or a file in process."""
    if settings.llm_url:
        return OpenAICompatibleModel(
            settings.llm_url,
            model=settings.llm_model or "default",
            api_key=settings.llm_api_key,
            context_tokens=settings.llm_context_tokens,
        )
    return LlamaCppModel(
        settings.llm,
        threads=settings.llm_threads,
        context_tokens=settings.llm_context_tokens,
        gpu_layers=settings.llm_gpu_layers,
    )


async def index_engine(settings: Settings, database: Database, sealer: Sealer, *, dimension: int) -> Engine:
    """What keeps the search index: a Qdrant server by address, or a folder."""
    folder = settings.data_dir / "index"
    if settings.qdrant_url is None:
        return EdgeEngine(folder, dimension=dimension)
    shutil.rmtree(
        folder, ignore_errors=True
    )  # what was there before: documents deleted later would stay in it
    name = await get_secret(database, sealer, "index-name")
    return ServerEngine(
        settings.qdrant_url,
        collection=settings.qdrant_collection or f"qanat-{name.hex()[:16]}",
        dimension=dimension,
        api_key=settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None,
        ca_file=settings.qdrant_ca_file,
        copies=settings.qdrant_copies,
    )


def local_token(root_key: RootKey, boot_id: str) -> str:
    """What the owner's own command line signs in with: only who can read the root key can make it."""
    return "ql_" + hmac.new(root_key.secret, f"local:{boot_id}".encode(), hashlib.sha256).hexdigest()


@asynccontextmanager
async def running(settings: Settings, *, boot_id: str, clock: Clock | None = None) -> AsyncIterator[Services]:
    """The whole server, started, and stopped in reverse order at the end of the block."""
    clock = clock or SystemClock()
    os.umask(0o077)
    data_dir = settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with AsyncExitStack() as stack:
        database = open_records(settings)
        stack.push_async_callback(database.close)
        await records.begin(settings, database)
        snapshot = await schema.upgrade(database, path=database_file(settings), now=clock.now())
        if snapshot:
            log.info("database.upgraded snapshot=%s", snapshot)
        root = keeper_of(settings, database, clock)
        root_key = await root.open()
        tenant_keys = TenantKeys(root_key, database)
        server_sealer = await tenant_keys.sealer(SERVER)

        embedder = SentenceTransformerEmbedder(settings.embedder, threads=settings.embedder_threads)
        reranker = cross_encoder(settings)
        vault = KnowledgeVault(
            database,
            data_dir=data_dir,
            root_key=root_key,
            clock=clock,
            embedder=embedder,
            limits=Limits(file_bytes=settings.max_upload_bytes),
            engine=await index_engine(settings, database, server_sealer, dimension=embedder.dimension),
            reranking=_reranking(settings, reranker),
        )
        licensing = Licensing(
            database=database,
            sealer=server_sealer,
            clock=clock,
            settings=LicensingSettings(
                folder=data_dir / "chain",
                limits=LicensingLimits(
                    hard_age_s=settings.chain_grace_s, settle_after_s=settings.settle_after_s
                ),
            ),
        )
        model = chat_model(settings)
        models = ModelRegistry(
            database,
            clock,
            server_sealer,
            folder=data_dir / "models",
            built_in=model,
            built_in_file=None if settings.llm_url else settings.llm,
            context_tokens=settings.llm_context_tokens,
            threads=settings.llm_threads,
            gpu_layers=settings.llm_gpu_layers,
            max_file_bytes=settings.max_model_bytes,
        )
        await models.start()
        stack.push_async_callback(models.stop)

        stack.push_async_callback(embedder.close)
        if reranker is not None:
            stack.push_async_callback(reranker.close)

        await asyncio.to_thread(
            lambda: embedder.dimension
        )  # no model is a reason not to start; loading is not

        async def start_vault() -> None:
            await vault.start()
            stack.push_async_callback(vault.stop)

        async def start_licensing() -> None:
            await licensing.start()
            stack.push_async_callback(licensing.stop)

        async with asyncio.TaskGroup() as group:
            group.create_task(start_vault())
            group.create_task(start_licensing())

        stored_secrets = StoredSecrets(database, clock, tenant_keys.sealer)
        outside = GuardedHttp()
        servers = allowed_servers(settings.mcp_servers)

        def mcp_for(owner_id: str) -> OperatorsMcpServers:
            return OperatorsMcpServers(servers, Owner(owner_id, stored_secrets))

        async def tools_for(owner_id: str, person_id: str, agent_id: str) -> runtime_ports.Tools:
            tenant_id = TenantId(owner_id)
            owner = Owner(owner_id, stored_secrets)
            vaults = await vault.list_vaults(tenant_id)
            for_run = models.for_run(person_id, f"{person_id}/{agent_id}")
            return runtime_ports.Tools(
                retriever=VaultRetriever(vault, tenant_id),
                model=await for_run.find(""),
                models=for_run,
                embedder=VaultEmbedder(vault),
                known_vaults=frozenset(str(v.id) for v in vaults),
                web=GuardedWebServices(outside, owner) if settings.web_services else None,
                mcp=mcp_for(owner_id),
            )

        domain = urlsplit(settings.origin).netloc
        chain_id = licensing.chain_status().chain_id

        def write_message(address: str, nonce: str) -> str:
            return siwe.write_message(
                domain=domain,
                address=Address(address),
                uri=settings.origin,
                chain_id=chain_id,
                nonce=nonce,
                now=clock.now(),
                statement="Sign in to Qanat. This costs nothing and moves nothing.",
            )

        def verify_wallet(message: str, signature: str) -> tuple[str, str]:
            nonce = siwe.read_message(message).nonce
            address = siwe.verify_sign_in(
                message,
                signature,
                domain=domain,
                origin=settings.origin,
                chain_id=chain_id,
                nonce=nonce,
                now=clock.now(),
            )
            return address, nonce

        accounts = Accounts(
            database,
            clock,
            create_wallet=licensing.create_wallet,
            write_message=write_message,
            verify_wallet=verify_wallet,
            session_days=settings.session_days,
        )
        pepper = await get_secret(database, server_sealer, "api-key-pepper")
        agents = Agents(database, clock, tenant_keys.sealer, model_names=lambda: models.names)
        planner = CallPlanner(agents, accounts, licensing)
        agents.check_calls = planner.problems
        limits = RunLimits(
            max_steps=settings.run_max_steps,
            max_tokens=settings.run_max_tokens,
            wall_time_s=settings.run_timeout_s,
        )
        agent_calls = AgentCalls(
            database,
            agents,
            licensing,
            planner,
            sealer_for=tenant_keys.sealer,
            tools_for=tools_for,
            limits=limits,
        )
        runs = Runs(
            database,
            clock,
            agents,
            licensing,
            sealer_for=tenant_keys.sealer,
            tools_for=tools_for,
            limits=limits,
            calls=agent_calls,
        )
        history = History(database, clock, agents, sealer_for=tenant_keys.sealer)
        agent_tests = AgentTests(database, clock, agents, history, runs, sealer_for=tenant_keys.sealer)
        test_work = TestWork(
            agent_tests, agents, history, runs, vault, VaultEmbedder(vault), tools_for=tools_for
        )
        chats = Chats(database, clock, agents, runs, sealer_for=tenant_keys.sealer)
        facts = Facts(database, clock, agents, sealer_for=tenant_keys.sealer)

        def equip(tools: runtime_ports.Tools, run_id: str, invocation: Invocation) -> runtime_ports.Tools:
            chat_id = chat_of(invocation.beside)
            return replace(
                tools,
                memory=facts.of(invocation.user_id, invocation.agent_id, chat_id),
                agents=agent_calls.of(run_id, invocation),
            )

        runs.equip_with(equip)
        agent_calls.equip = equip
        inquiries = Inquiries(database, clock, runs, sealer_for=tenant_keys.sealer)
        ingestion = Ingestion(
            jobs_database(settings),
            parse=lambda tenant_id, document_id: vault.parse(TenantId(tenant_id), DocumentId(document_id)),
            index=lambda tenant_id, document_id: vault.index(TenantId(tenant_id), DocumentId(document_id)),
        )

        async def check_wallet(user_id: str) -> None:
            user = await accounts.get(user_id)
            if user.wallet == "managed":
                await licensing.check_wallet(Address(user.address))

        async def parts() -> Sequence[Part]:
            return [
                await _database_part(database),
                await _vectors_part(vault, loading),
                *_reranker_part(reranker, loading_reranker),
                await _model_part(models),
                _chain_part(licensing),
            ]

        await runs.start()
        stack.push_async_callback(runs.stop)
        stack.push_async_callback(test_work.stop)
        await chats.start()
        closing = asyncio.create_task(inquiries.keep_closing(), name="close-inquiries")
        stack.push_async_callback(_cancelled, closing)
        await ingestion.start()
        stack.push_async_callback(ingestion.stop)
        recutting = Recutting(database, vault, ingestion)
        stack.push_async_callback(recutting.stop)
        await submit_unfinished(vault, ingestion)
        await recutting.start()
        resuming = asyncio.create_task(keep_submitting(vault, ingestion), name="resume-documents")
        stack.push_async_callback(_cancelled, resuming)
        web_pages = WebPages(vault, Fetcher())
        following = asyncio.create_task(
            keep_following(WebSchedule(vault, web_pages), ingestion), name="follow-web-pages"
        )
        stack.push_async_callback(_cancelled, following)

        # Importing the embedder's libraries takes longer than everything else: pages are served meanwhile, and
        # what needs a vector waits for it.
        loading = asyncio.create_task(embedder.load(), name="load-embedder")
        loading.add_done_callback(lambda _: keep_out_of_collections())
        stack.push_async_callback(_ended, loading)
        loading_reranker = asyncio.create_task(_load_after(loading, reranker), name="load-reranker")
        stack.push_async_callback(_ended, loading_reranker)

        yield Services(
            settings=settings,
            database=database,
            accounts=accounts,
            api_keys=ApiKeys(database, clock, accounts, pepper=pepper),
            stored_secrets=stored_secrets,
            mcp_for=mcp_for,
            vault=vault,
            unlock_tries=Tries(),
            ingestion=ingestion,
            recutting=recutting,
            web_pages=web_pages,
            agents=agents,
            history=history,
            agent_tests=agent_tests,
            test_work=test_work,
            publishing=Publishing(
                database,
                clock,
                agents,
                licensing,
                sealer_for=tenant_keys.sealer,
                require_passed=agent_tests.require_passed,
            ),
            catalogue=Catalogue(agents, accounts, licensing),
            runs=runs,
            retracing=Retracing(database, agents, runs),
            cited_passages=CitedPassages(database, vault),
            chats=chats,
            inquiries=inquiries,
            facts=facts,
            licensing=licensing,
            models=models,
            embedder_name=settings.embedder.name,
            local_token=lambda: local_token(root_key, boot_id),
            root=root,
            record_scrubber=RecordScrubber(
                database, tenant_keys.sealer, check_key=tenant_keys.check, check_wallet=check_wallet
            ),
            parts=parts,
        )


@asynccontextmanager
async def temporary_vault(settings: Settings) -> AsyncIterator[KnowledgeVault]:
    """A vault over an empty folder of its own, sealed under a key that is forgotten with it; for measuring."""
    with tempfile.TemporaryDirectory(prefix="qanat-") as folder:
        data_dir = Path(folder)
        path = data_dir / "qanat.db"
        clock = SystemClock()
        async with AsyncExitStack() as stack:
            database = Database.at(path)
            stack.push_async_callback(database.close)
            await schema.upgrade(database, path=path, now=clock.now())
            embedder = SentenceTransformerEmbedder(settings.embedder, threads=settings.embedder_threads)
            stack.push_async_callback(embedder.close)
            reranker = cross_encoder(settings)
            if reranker is not None:
                stack.push_async_callback(reranker.close)
                await reranker.load()
            vault = KnowledgeVault(
                database,
                data_dir=data_dir,
                root_key=RootKey(secrets.token_bytes(32)),
                clock=clock,
                embedder=embedder,
                reranking=_reranking(settings, reranker),
            )
            stack.push_async_callback(vault.stop)
            await asyncio.gather(embedder.load(), vault.start())
            yield vault


async def _database_part(database: Database) -> Part:
    async with database.reading() as connection:
        await connection.execute(text("SELECT 1"))
    return Part("database", True, "SQLite answers")


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task})


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def _vectors_part(vault: KnowledgeVault, loading: asyncio.Task[None]) -> Part:
    if not loading.done():
        return Part("vectors", False, "the embedding model is being loaded; searches wait for it")
    if error := loading.exception():
        return Part("vectors", False, str(error))
    stats = await vault.stats()
    detail = f"{stats.chunks} chunks of {stats.documents} documents"
    if stats.vaults_to_compare:
        detail += f"; the index of {stats.vaults_to_compare} vaults is still to be compared with them"
    return Part("vectors", True, detail)


async def _load_after(embedder: asyncio.Task[None], reranker: CrossEncoderReranker | None) -> None:
    """Both at once would take longer for each; searches can do without the reranker, not without the embedder."""
    if reranker is not None:
        await asyncio.wait({embedder})
        await reranker.load()


def _reranker_part(reranker: CrossEncoderReranker | None, loading: asyncio.Task[None]) -> Sequence[Part]:
    if reranker is None:
        return []
    if not loading.done():
        return [Part("reranker", False, "the reranker is being loaded; searches keep their own order")]
    if error := loading.exception():
        return [Part("reranker", False, str(error))]
    return [Part("reranker", True, reranker.name)]


async def _model_part(models: ModelRegistry) -> Part:
    [chosen] = [model for model in await models.list_models() if model.is_default]
    return Part("model", chosen.problem is None, chosen.problem or chosen.title)


def _chain_part(licensing: Licensing) -> Part:
    status = licensing.chain_status()
    detail = status.problem or f"chain {status.chain_id}, block {status.head.number if status.head else '?'}"
    if status.contracts_lack is not None:
        detail += f". {status.contracts_lack}"
    return Part("chain", status.freshness is not Freshness.LOST, detail)
