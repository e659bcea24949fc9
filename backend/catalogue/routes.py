"""HTTP for the catalogue."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from backend.accounts.principal import SignedIn
from backend.catalogue.service import Entry
from backend.licenses.schemas import LicenseOut, TermsOut
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api/catalogue", tags=["catalogue"])


class AuthorOut(BaseModel):
    name: str
    address: str


class ShareOut(BaseModel):
    address: str
    share_bps: int
    role: str


class CatalogueEntryOut(BaseModel):
    slug: str
    name: str
    description: str
    author: AuthorOut
    version: int
    published_at: datetime
    asset_id: int
    terms: list[TermsOut]
    shares: list[ShareOut]
    my_license: LicenseOut | None
    is_mine: bool
    """One's own agent needs no license."""

    @classmethod
    def of(cls, entry: Entry) -> "CatalogueEntryOut":
        return cls(
            slug=entry.slug,
            name=entry.name,
            description=entry.description,
            author=AuthorOut(name=entry.author_name, address=entry.author_address),
            version=entry.version,
            published_at=entry.published_at,
            asset_id=entry.asset_id,
            terms=[TermsOut.of(terms) for terms in entry.terms],
            shares=[
                ShareOut(address=share.address, share_bps=share.share_bps, role=share.role)
                for share in entry.shares
            ],
            my_license=LicenseOut.of(entry.my_license, slug=entry.slug, agent_name=entry.name)
            if entry.my_license
            else None,
            is_mine=entry.is_mine,
        )


@router.get("", responses=errors(401))
async def search_catalogue(
    principal: SignedIn, services: ServicesDep, q: str = ""
) -> list[CatalogueEntryOut]:
    """Published agents, by name."""
    return [CatalogueEntryOut.of(entry) for entry in await services.catalogue.search(principal, q)]


@router.get("/{slug}", responses=errors(401, 404))
async def get_catalogue_entry(slug: str, principal: SignedIn, services: ServicesDep) -> CatalogueEntryOut:
    """One published agent with its terms, shares and one's own license."""
    return CatalogueEntryOut.of(await services.catalogue.get(principal, slug))
