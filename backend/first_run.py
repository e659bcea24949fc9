"""What a fresh data folder is given: its first user, and the sample that can be asked at once.

The sample belongs to an account of its own, so that using it shows the whole loop: the first user holds a metered
license to it, pays from a budget of test currency, and holds a receipt that earns a share of it. A copy of the
documents lies in a vault of the first user's, to look into and to build on. Every step looks whether it was done
before, so an interrupted first start goes on at the next one.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from agent_runtime.graph import AgentFile
from agent_runtime.starters import fill_vaults
from backend.accounts.store import User
from backend.agents.publishing import Offer
from backend.errors import Conflict
from backend.services import Services
from knowledge_vault.values import Stage, TenantId, VaultId
from licensing.values import Address, AssetId, LicenseState, Share, TermsKind

log = logging.getLogger("qanat.first_run")

SAMPLE_SLUG = "sample"
SAMPLE_AUTHOR = "Talmira cooperative (sample)"
SAMPLE_EMAIL = "sample@qanat.invalid"
VAULT_NAME = "Talmira (sample)"
VAULT_ABOUT = "Documents of an invented town, to try Qanat with. Delete the vault when you no longer need it."
PRICE_PER_ANSWER = 10_000
PRICE_PER_MONTH = 5_000_000
BUDGET = 20_000_000
OPERATOR_SHARE_BPS = 3_000

Say = Callable[[str], None]
"""Tells the person at the terminal how far it is."""


async def ensure_operator(services: Services) -> User:
    """The first user; made, with a wallet, at the first start."""
    operator = await services.accounts.find_operator()
    if operator is None:
        operator = await services.accounts.create_managed(
            name="Owner", email=None, password=None, is_operator=True
        )
        if services.licensing.chain_status().local:
            await services.licensing.use_faucet(Address(operator.address))
    return operator


async def ensure_sample(services: Services, operator: User, say: Say) -> None:
    """The sample vaults, the published sample agent, and the first user's license to it."""
    folder = services.settings.samples_dir
    files = sorted(path for path in (folder / "documents").glob("*") if path.is_file())
    if not files or not services.licensing.chain_status().local:
        return
    if await services.agents.find_published(SAMPLE_SLUG) is None:
        author = await _sample_author(services)
        vault_id = await _fill_vault(services, author.id, files)
        say(f"sample: {len(files)} documents are being taken in")
        await _wait_until_taken_in(services, author.id, vault_id, say)
        await _publish(services, author, operator, vault_id, folder / "sample.agent.json")
        say("sample: the agent is published")
        await _fill_vault(services, operator.id, files)
    await _license(services, operator)


async def _sample_author(services: Services) -> User:
    try:
        return await services.accounts.create_managed(name=SAMPLE_AUTHOR, email=SAMPLE_EMAIL, password=None)
    except Conflict:
        author = await services.accounts.find_by_email(SAMPLE_EMAIL)
        assert author is not None
        return author


async def _fill_vault(services: Services, user_id: str, files: list[Path]) -> VaultId:
    tenant_id = TenantId(user_id)
    vaults = await services.vault.list_vaults(tenant_id)
    vault = next((vault for vault in vaults if vault.name == VAULT_NAME), None)
    if vault is None:
        vault = await services.vault.create_vault(tenant_id, name=VAULT_NAME, description=VAULT_ABOUT)
    for path in files:
        added = await services.vault.add_document(
            tenant_id, vault.id, name=path.name, content=_bytes_of(path)
        )
        if added.document.stage is not Stage.ACTIVE:
            await services.ingestion.submit(tenant_id, added.document.id, job=added.document.job)
    return vault.id


async def _bytes_of(path: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(path.read_bytes)


async def _wait_until_taken_in(services: Services, user_id: str, vault_id: VaultId, say: Say) -> None:
    told = -1
    while True:
        documents = await services.vault.list_documents(TenantId(user_id), vault_id)
        done = [d for d in documents if d.stage in (Stage.ACTIVE, Stage.FAILED)]
        if len(done) != told:
            told = len(done)
            say(f"sample: {told} of {len(documents)} documents")
        if len(done) == len(documents):
            for document in documents:
                if document.problem:
                    log.error("sample.document_failed title=%s", document.problem.title)
            return
        await asyncio.sleep(0.2)


async def _publish(services: Services, author: User, operator: User, vault_id: VaultId, path: Path) -> None:
    file = AgentFile.model_validate(json.loads(await asyncio.to_thread(path.read_text, encoding="utf-8")))
    graph = fill_vaults(file.graph, [vault_id])
    drafts = await services.agents.list_agents(author.id)
    if drafts:  # a first start that was interrupted between drawing and publishing
        agent_id = drafts[0].id
    else:
        opened = await services.agents.create(
            author.id, name=file.name, description=file.description, graph=graph.document()
        )
        agent_id = opened.agent.id
    await services.publishing.publish(
        author,
        agent_id,
        slug=SAMPLE_SLUG,
        notes="The sample that comes with Qanat.",
        offers=[
            Offer(TermsKind.METERED, PRICE_PER_ANSWER, None),
            Offer(TermsKind.TIME, PRICE_PER_MONTH, 30 * 86_400),
        ],
        shares=[
            Share(Address(author.address), 10_000 - OPERATOR_SHARE_BPS, "author"),
            Share(Address(operator.address), OPERATOR_SHARE_BPS, "data"),
        ],
    )


async def _license(services: Services, operator: User) -> None:
    found = await services.agents.find_published(SAMPLE_SLUG)
    if found is None or found[1].asset_id is None or operator.wallet != "managed":
        return
    asset = services.licensing.get_asset(AssetId(int(found[1].asset_id)))
    licenses = await services.licensing.list_licenses(Address(operator.address))
    held = [
        license_
        for license_ in licenses
        if license_.series == asset.series and license_.state in (LicenseState.ACTIVE, LicenseState.PENDING)
    ]
    metered = [
        terms for terms in services.licensing.list_offers(asset.asset_id) if terms.kind is TermsKind.METERED
    ]
    if not held and metered:
        await services.licensing.buy(
            holder=Address(operator.address), terms_id=metered[0].terms_id, deposit=BUDGET
        )
