"""What the licensing tests are made of: a data folder with a chain in it, a clock, wallets, sales and
uses.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from knowledge_vault.crypto import open_sealed, seal
from licensing.service import Licensing
from licensing.settings import LicensingSettings
from licensing.tables import metadata
from licensing.values import (
    Address,
    Asset,
    License,
    Share,
    Terms,
    TermsKind,
    TermsOffer,
    Use,
)
from tests.databases import database_at

DIGEST = "ab" * 32


class FixedSealer:
    """Seals under one key that is part of the test."""

    KEY = bytes(range(32))

    def seal(self, plaintext: bytes, *context: str | int) -> bytes:
        return seal(self.KEY, plaintext, context)

    def open(self, sealed: bytes, *context: str | int) -> bytes:
        return open_sealed(self.KEY, sealed, context)


@dataclass
class MovableClock:
    """The real time, plus what a test adds to it; or a moment at which it stands still."""

    ahead: timedelta = field(default_factory=timedelta)
    stands_at: datetime | None = None

    def now(self) -> datetime:
        return self.stands_at or datetime.now(UTC) + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class World:
    """One data folder, and licensing running in it."""

    folder: Path
    clock: MovableClock = field(default_factory=MovableClock)
    settings: LicensingSettings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = LicensingSettings(folder=self.folder / "chain", poll_interval_s=0.05)

    @asynccontextmanager
    async def running(self, **changes: object) -> AsyncIterator[Licensing]:
        database = database_at(self.folder / "qanat.db")
        async with database.writing() as connection:
            await connection.run_sync(metadata.create_all)
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]  # names of its fields
        licensing = Licensing(database=database, sealer=FixedSealer(), clock=self.clock, settings=settings)
        try:
            await licensing.start()
            yield licensing
        finally:
            await licensing.stop()
            await database.close()


def an_offer(kind: str = "metered", **changes: int | None) -> TermsOffer:
    if kind == "metered":
        offer = TermsOffer(kind=TermsKind.METERED, price=0, max_call_price=10_000)
    else:
        offer = TermsOffer(kind=TermsKind.TIME, price=5_000_000, duration_s=3600)
    return replace(offer, **changes)  # type: ignore[arg-type]  # names of its fields


async def a_rich_wallet(licensing: Licensing) -> Address:
    wallet = await licensing.create_wallet()
    await licensing.use_faucet(wallet)
    return wallet


async def an_asset(
    licensing: Licensing,
    *,
    author: Address | None = None,
    shares: tuple[Share, ...] = (),
    digest: str = DIGEST,
) -> Asset:
    author = author or await licensing.create_wallet()
    return await licensing.register_asset(
        author=author,
        shares=shares or (Share(author, 10_000),),
        content_digest=digest,
        uri="urn:qanat:agent:test",
    )


@dataclass(frozen=True)
class Sold:
    asset: Asset
    terms: Terms
    license: License
    holder: Address


async def a_sale(
    licensing: Licensing,
    offer: TermsOffer | None = None,
    *,
    deposit: int = 1_000_000,
    asset: Asset | None = None,
) -> Sold:
    asset = asset or await an_asset(licensing)
    offer = offer or an_offer()
    terms = await licensing.offer_terms(author=asset.author, asset_id=asset.asset_id, offer=offer)
    holder = await a_rich_wallet(licensing)
    deposit = deposit if offer.kind is TermsKind.METERED else 0
    bought = await licensing.buy(holder=holder, terms_id=terms.terms_id, deposit=deposit)
    return Sold(asset, terms, bought, holder)


def a_use(amount: int | None = None, **changes: object) -> Use:
    return replace(Use(amount=amount, request_digest=DIGEST, answer_digest="cd" * 32), **changes)  # type: ignore[arg-type]  # names of its fields


async def use_once(
    licensing: Licensing, sold: Sold, key: str, *, amount: int | None = None, max_charge: int | None = None
) -> str:
    """One call from check to charge; the proof's id."""
    permission = licensing.check(sold.holder, sold.asset.asset_id)
    reservation = await licensing.reserve(
        permission, idempotency_key=key, request_digest=DIGEST, max_charge=max_charge
    )
    async with licensing._database.writing() as connection:
        charge = await licensing.charge(connection, reservation.reservation_id, a_use(amount))
    return charge.proof_id
