"""Joins published agents with their terms on chain and with the licenses of who looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.accounts.principal import Principal
from backend.accounts.service import Accounts
from backend.agents.service import Agents
from backend.agents.store import Agent, Version
from backend.errors import NotFound
from licensing.errors import Unknown
from licensing.service import Licensing
from licensing.values import Address, AssetId, License, LicenseState, SeriesId, Share, Terms


@dataclass(frozen=True)
class Entry:
    """A published agent as it stands in the catalogue."""

    slug: str
    name: str
    description: str
    author_name: str
    author_address: str
    version: int
    published_at: datetime
    asset_id: int
    terms: Sequence[Terms]
    shares: Sequence[Share]
    my_license: License | None
    """The license that would be used, or else the newest that ran out."""
    is_mine: bool


class Catalogue:
    """Looks only; nothing changes here."""

    def __init__(self, agents: Agents, accounts: Accounts, licensing: Licensing) -> None:
        self._agents = agents
        self._accounts = accounts
        self._licensing = licensing

    async def search(self, principal: Principal, text: str = "") -> list[Entry]:
        """Published agents whose name, description or slug has every word of `text`; all when it is empty."""
        words = text.lower().split()
        entries = []
        licenses = await self._licensing.list_licenses(Address(principal.user.address))
        for agent, version in await self._agents.list_published():
            haystack = f"{agent.name} {agent.description} {agent.slug}".lower()
            if all(word in haystack for word in words):
                entries.append(await self._entry(principal, agent, version, licenses))
        return entries

    async def get(self, principal: Principal, slug: str) -> Entry:
        """Raises NotFound when nothing is published under this slug."""
        agent, version = await self._agents.get_published(slug)
        licenses = await self._licensing.list_licenses(Address(principal.user.address))
        return await self._entry(principal, agent, version, licenses)

    async def list_usable(self, principal: Principal) -> list[Entry]:
        """Those this principal may ask now: licensed or their own, and within the API key's list."""
        return [
            entry
            for entry in await self.search(principal)
            if (principal.slugs is None or entry.slug in principal.slugs)
            and (entry.is_mine or (entry.my_license and entry.my_license.state is LicenseState.ACTIVE))
        ]

    async def find_agent_of_series(self, series: SeriesId) -> Agent | None:
        """The agent whose versions make up this series, also when it was taken away."""
        for agent, version in await self._agents.list_published():
            if version.asset_id and self._series_of(version) == series:
                return agent
        return None

    def _series_of(self, version: Version) -> SeriesId | None:
        try:
            return self._licensing.get_asset(AssetId(int(version.asset_id or 0))).series
        except Unknown:
            return None

    async def _entry(
        self, principal: Principal, agent: Agent, version: Version, licenses: Sequence[License]
    ) -> Entry:
        if agent.slug is None or version.asset_id is None:
            raise NotFound("This agent is still being published. Try again in a moment.")
        author = await self._accounts.get(agent.owner_id)
        asset = self._licensing.get_asset(AssetId(int(version.asset_id)))
        mine = [license_ for license_ in licenses if license_.series == asset.series]
        active = [license_ for license_ in mine if license_.state is LicenseState.ACTIVE]
        return Entry(
            slug=agent.slug,
            name=agent.name,
            description=agent.description,
            author_name=author.name,
            author_address=author.address,
            version=version.number,
            published_at=version.published_at,
            asset_id=asset.asset_id,
            terms=self._licensing.list_offers(asset.asset_id),
            shares=asset.shares,
            my_license=next(iter(active or mine), None),
            is_mine=agent.owner_id == principal.user.id,
        )
