"""HTTP for one's licenses. A managed wallet signs here; for another wallet the transactions are prepared."""

from fastapi import APIRouter

from backend.accounts.principal import Principal, SignedIn
from backend.licenses.schemas import BuyIn, LicenseOut, PreparedOut, TopUpIn, TransactionOut
from backend.responses import errors
from backend.services import Services, ServicesDep
from licensing.errors import NotTheHolder
from licensing.values import Address, License, LicenseId, TermsId

router = APIRouter(prefix="/api/licenses", tags=["licenses"])


async def _out(services: Services, license_: License) -> LicenseOut:
    agent = await services.catalogue.find_agent_of_series(license_.series)
    return LicenseOut.of(
        license_,
        slug=agent.slug if agent else None,
        agent_name=agent.name if agent else "An agent that was taken away",
    )


async def _own(services: Services, principal: Principal, license_id: int) -> License:
    license_ = await services.licensing.get_license(LicenseId(license_id))
    if license_.holder != principal.user.address:
        raise NotTheHolder(f"License {license_id} belongs to another wallet.")
    return license_


@router.get("", responses=errors(401))
async def list_licenses(principal: SignedIn, services: ServicesDep) -> list[LicenseOut]:
    """One's licenses, newest first."""
    licenses = await services.licensing.list_licenses(Address(principal.user.address))
    return [await _out(services, license_) for license_ in licenses]


@router.get("/{license_id}", responses=errors(401, 403, 404))
async def get_license(license_id: int, principal: SignedIn, services: ServicesDep) -> LicenseOut:
    """A license of one's own."""
    return await _out(services, await _own(services, principal, license_id))


@router.post("", status_code=201, responses=errors(401, 403, 404, 409, 422, 503))
async def buy_license(body: BuyIn, principal: SignedIn, services: ServicesDep) -> LicenseOut:
    """Buy with the wallet kept here."""
    principal.require_person()
    license_ = await services.licensing.buy(
        holder=Address(principal.user.address), terms_id=TermsId(body.terms_id), deposit=body.deposit
    )
    return await _out(services, license_)


@router.post("/prepare", responses=errors(401, 403, 404, 422, 503))
async def prepare_purchase(body: BuyIn, principal: SignedIn, services: ServicesDep) -> PreparedOut:
    """The transactions of a purchase, for a wallet of one's own to sign."""
    principal.require_person()
    transactions = await services.licensing.prepare_buy(
        holder=Address(principal.user.address), terms_id=TermsId(body.terms_id), deposit=body.deposit
    )
    return PreparedOut(transactions=[TransactionOut.of(transaction) for transaction in transactions])


@router.post("/{license_id}/top-up", responses=errors(401, 403, 404, 422, 503))
async def top_up_license(
    license_id: int, body: TopUpIn, principal: SignedIn, services: ServicesDep
) -> LicenseOut:
    """Add to the budget of a metered license."""
    principal.require_person()
    license_ = await services.licensing.top_up(
        holder=Address(principal.user.address), license_id=LicenseId(license_id), amount=body.amount
    )
    return await _out(services, license_)


@router.post("/{license_id}/top-up/prepare", responses=errors(401, 403, 404, 422, 503))
async def prepare_top_up(
    license_id: int, body: TopUpIn, principal: SignedIn, services: ServicesDep
) -> PreparedOut:
    """The transactions of a top-up, for a wallet of one's own to sign."""
    principal.require_person()
    transactions = await services.licensing.prepare_top_up(
        holder=Address(principal.user.address), license_id=LicenseId(license_id), amount=body.amount
    )
    return PreparedOut(transactions=[TransactionOut.of(transaction) for transaction in transactions])


@router.post("/{license_id}/renew", responses=errors(401, 403, 404, 422, 503))
async def renew_license(license_id: int, principal: SignedIn, services: ServicesDep) -> LicenseOut:
    """Buy another term of a time license."""
    principal.require_person()
    license_ = await services.licensing.renew(
        holder=Address(principal.user.address), license_id=LicenseId(license_id)
    )
    return await _out(services, license_)
