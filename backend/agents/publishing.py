"""Publish an agent: freeze its graph, register it on chain with its shares, and offer terms.

The version's row is written first; a crash on the way leaves a version that nobody can see or ask, and
publishing again starts afresh. On chain a version that was registered but never listed costs its author gas
and nothing else.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from agent_runtime import service as runtime
from backend.accounts.store import User
from backend.agents import store
from backend.agents.service import Agents, checked_slug, slug_of, valid_graph
from backend.agents.store import Agent, Version
from backend.clock import Clock
from backend.database import Database
from backend.errors import Conflict, Forbidden, Invalid
from backend.sealed import SealerFor, seal_json
from licensing.service import Licensing
from licensing.values import Address, AssetId, Share, TermsKind, TermsOffer

WHOLE_BPS = 10_000
DEFAULT_TERM_S = 30 * 86_400


@dataclass(frozen=True)
class Offer:
    """Terms as the author states them."""

    kind: str
    """`time` or `metered`."""
    price: int
    """For the whole term, or for each answer; in the currency's smallest unit."""
    duration_s: int | None


class Publishing:
    """Turns a draft into a version that never changes, sold under terms that never change."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        agents: Agents,
        licensing: Licensing,
        *,
        sealer_for: SealerFor,
        require_passed: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """`require_passed` takes author and agent; it raises TestsFailed when tests keep it from being published."""
        self._database = database
        self._clock = clock
        self._agents = agents
        self._licensing = licensing
        self._sealer_for = sealer_for
        self._require_passed = require_passed

    async def publish(
        self,
        author: User,
        agent_id: str,
        *,
        slug: str | None,
        base_revision: int | None = None,
        notes: str,
        offers: Sequence[Offer],
        shares: Sequence[Share],
    ) -> tuple[Agent, Version]:
        """Publish the draft as the next version. No shares means all to the author.

        A further version joins the first one's series: licenses that were sold cover it. Terms that this call
        repeats unchanged stay as they are; others of the author's are no longer sold.

        Raises:
            NotFound: not their agent. Invalid: the draft cannot run, or the offer cannot be made.
            TestsFailed: its tests keep it from being published, as the author asks.
            Conflict: the slug is taken, or the draft was saved since `base_revision`.
            Forbidden: the author's wallet is not kept here.
        """
        if author.wallet != "managed":
            raise Forbidden(
                "Publishing signs transactions for the author, and the key of this wallet is not kept here. "
                "Sign in with an e-mail account to publish."
            )
        opened = await self._agents.get(author.id, agent_id)
        if base_revision is not None and base_revision != opened.agent.revision:
            raise Conflict(
                "The draft was saved in another window since you opened it. Look at what it is now, then publish."
            )
        graph = valid_graph(opened.graph, opened.problems)
        slug = await self._free_slug(opened.agent, slug)
        await self._require_passed(author.id, agent_id)
        if not offers:
            raise Invalid("Offer at least one license: for a time, or paid by answer.")
        shares = list(shares) or [Share(address=Address(author.address), share_bps=WHOLE_BPS)]
        version = await self._write(opened.agent, graph.document(), runtime.digest(graph), notes)
        earlier = await self._agents.list_versions(author.id, agent_id)
        series = None
        if earlier and earlier[0].asset_id:
            series = self._licensing.get_asset(AssetId(int(earlier[0].asset_id))).series
        asset = await self._licensing.register_asset(
            author=Address(author.address),
            shares=shares,
            content_digest=version.graph_digest,
            uri=f"qanat:{slug}@{version.number}",
            series=series,
        )
        await self._offer(author, asset.asset_id, offers)
        async with self._database.writing() as connection:
            await store.mark_published(connection, version.id, asset_id=str(asset.asset_id))
            await store.set_slug(connection, agent_id, slug)
        return await self._agents.get_published(f"{slug}@{version.number}")

    async def _offer(self, author: User, asset_id: AssetId, offers: Sequence[Offer]) -> None:
        """Bring what is on sale in line with `offers`, touching only what differs."""
        wanted = {_terms_of(offer) for offer in offers}
        for terms in self._licensing.list_offers(asset_id):
            standing = TermsOffer(terms.kind, terms.price, terms.duration_s, terms.max_call_price)
            if standing in wanted:
                wanted.remove(standing)
            else:
                await self._licensing.stop_terms(author=Address(author.address), terms_id=terms.terms_id)
        for offer in sorted(wanted, key=lambda terms: (terms.kind, terms.price)):
            await self._licensing.offer_terms(author=Address(author.address), asset_id=asset_id, offer=offer)

    async def _write(self, agent: Agent, graph: dict[str, object], digest: str, notes: str) -> Version:
        version_id = uuid4().hex
        sealer = await self._sealer_for(agent.owner_id)
        async with self._database.writing() as connection:
            await store.delete_unpublished(connection, agent.id)
            versions = await store.list_versions(connection, agent.id)
            version = Version(
                id=version_id,
                agent_id=agent.id,
                number=versions[0].number + 1 if versions else 1,
                state="publishing",
                graph=seal_json(sealer, graph, "agent-version", version_id),
                graph_digest=digest,
                notes=notes.strip(),
                asset_id=None,
                published_at=self._clock.now(),
            )
            await store.add_version(connection, version)
        return version

    async def _free_slug(self, agent: Agent, slug: str | None) -> str:
        if agent.slug:
            if slug and slug != agent.slug:
                raise Invalid(f"This agent is published as {agent.slug!r}; people's programs rely on it.")
            return agent.slug
        slug = checked_slug(slug) if slug else slug_of(agent.name)
        async with self._database.reading() as connection:
            taken = await store.find_agent(connection, slug=slug)
        if taken is not None and taken.id != agent.id:
            raise Conflict(f"The name {slug!r} is taken. Choose another one to publish under.")
        return slug


def _terms_of(offer: Offer) -> TermsOffer:
    if offer.kind == "time":
        return TermsOffer(TermsKind.TIME, offer.price, offer.duration_s or DEFAULT_TERM_S)
    return TermsOffer(TermsKind.METERED, 0, None, offer.price)
