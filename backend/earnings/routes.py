"""HTTP for earnings: receipts, settlements, claims. Money is in the currency's smallest unit."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import Services, ServicesDep
from licensing.values import Address, Earnings, ReceiptId, Settlement

router = APIRouter(prefix="/api", tags=["earnings"])


class ReceiptOut(BaseModel):
    receipt_id: str
    asset_id: int
    agent_name: str
    slug: str | None
    role: str
    share_bps: int
    earned: int
    """Settled on chain so far."""
    claimed: int
    claimable: int
    unsettled: int
    """Charged already, not yet settled."""
    uses: int


class SettlementOut(BaseModel):
    id: str
    state: str
    amount: int
    items: int
    tx_hash: str | None
    usage_root: str
    at: datetime

    @classmethod
    def of(cls, settlement: Settlement) -> "SettlementOut":
        return cls(
            id=settlement.settlement_id,
            state=settlement.state,
            amount=settlement.amount,
            items=settlement.items,
            tx_hash=settlement.tx_hash,
            usage_root=settlement.usage_root,
            at=settlement.at,
        )


class Totals(BaseModel):
    earned: int
    claimed: int
    claimable: int
    unsettled: int


class EarningsOut(BaseModel):
    receipts: list[ReceiptOut]
    totals: Totals
    settlements: list[SettlementOut]


class ClaimIn(BaseModel):
    receipt_ids: list[str] | None = None
    """Nothing means all of one's receipts."""


class ClaimOut(BaseModel):
    tx_hash: str
    amount: int
    receipt_ids: list[str]


async def _out(services: Services, earnings: Earnings) -> EarningsOut:
    receipts = []
    for receipt in earnings.receipts:
        agent = await services.catalogue.find_agent_of_series(receipt.series)
        receipts.append(
            ReceiptOut(
                receipt_id=receipt.receipt_id,
                asset_id=receipt.asset_id,
                agent_name=agent.name if agent else f"Asset {receipt.asset_id}",
                slug=agent.slug if agent else None,
                role=receipt.role,
                share_bps=receipt.share_bps,
                earned=receipt.earned,
                claimed=receipt.claimed,
                claimable=receipt.claimable,
                unsettled=receipt.unsettled,
                uses=receipt.uses,
            )
        )
    return EarningsOut(
        receipts=receipts,
        totals=Totals(
            earned=earnings.earned,
            claimed=earnings.claimed,
            claimable=earnings.claimable,
            unsettled=earnings.unsettled,
        ),
        settlements=[SettlementOut.of(settlement) for settlement in earnings.settlements],
    )


@router.get("/earnings", responses=errors(401, 503))
async def get_earnings(principal: SignedIn, services: ServicesDep) -> EarningsOut:
    """What one's receipts earned, and the settlements that paid them."""
    return await _out(services, await services.licensing.earnings(Address(principal.user.address)))


@router.post("/earnings/claim", responses=errors(401, 403, 404, 409, 503))
async def claim_earnings(body: ClaimIn, principal: SignedIn, services: ServicesDep) -> ClaimOut:
    """Move what is claimable to one's wallet."""
    principal.require_person()
    receipt_ids = [ReceiptId(receipt_id) for receipt_id in body.receipt_ids] if body.receipt_ids else None
    claimed = await services.licensing.claim(address=Address(principal.user.address), receipt_ids=receipt_ids)
    return ClaimOut(tx_hash=claimed.tx_hash, amount=claimed.amount, receipt_ids=list(claimed.receipt_ids))


@router.post("/settlements", responses=errors(401, 403, 503))
async def settle_now(principal: SignedIn, services: ServicesDep) -> list[SettlementOut]:
    """Settle at once what was charged; it happens by itself too."""
    principal.require_operator()
    return [SettlementOut.of(settlement) for settlement in await services.licensing.settle()]


@router.get("/settlements", responses=errors(401, 403))
async def list_settlements(principal: SignedIn, services: ServicesDep) -> list[SettlementOut]:
    """The latest settlements of this server."""
    principal.require_operator()
    return [SettlementOut.of(settlement) for settlement in await services.licensing.list_settlements()]
