"""The one door to licensing: who may use an asset, what a use costs, who earns from it.

The backend builds one `Licensing`, starts it, and calls nothing else in this package (`siwe.py` and
`proof.verify_proof` aside, which are pure). What waits for SQL or the chain is `async`; what reads the
snapshot in memory is plain `def` and takes microseconds. Every error is one of `errors.py` and says in
words what to do next.

One call, in order: `check` -> `reserve` (committed before any model call) -> run -> `charge` (in the
transaction that stores the run) or `release`. A reservation that is neither charged nor released runs out
by itself.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from licensing.abi import Event
from licensing.anvil import LocalChain, find_anvil
from licensing.chain import Chain
from licensing.clock import moment_of
from licensing.deploy import Deployment
from licensing.earnings import EarningsReader
from licensing.errors import LicensingError, Unknown
from licensing.indexer import Indexer
from licensing.keys import KeyRing
from licensing.ledger import Ledger
from licensing.market import Market
from licensing.ports import Clock, Database, Sealer
from licensing.proof import proof_document
from licensing.rpc import Rpc
from licensing.settings import LicensingSettings
from licensing.settler import Settler
from licensing.state import FEE_BPS, LicenseRecord
from licensing.tables import invocations
from licensing.transactions import Mined, Transactions
from licensing.values import (
    FOREVER,
    Address,
    Asset,
    AssetId,
    Balance,
    Budget,
    ChainStatus,
    Charge,
    Claim,
    Earnings,
    Freshness,
    License,
    LicenseId,
    LicenseState,
    Permission,
    PreparedTransaction,
    ProofId,
    ReceiptId,
    Reservation,
    ReservationId,
    SeriesId,
    Settlement,
    Share,
    SignedVoucher,
    Terms,
    TermsId,
    TermsKind,
    TermsOffer,
    Use,
)
from licensing.view import View
from licensing.voucher import Domain, Vouchers
from licensing.wallets import Wallets

log = logging.getLogger("qanat.licensing")
_LOCAL_GAS = 10**24
"""A million ether for each of the local chain's two paying keys: it never runs out."""
_UPKEEP_INTERVAL_S = 5.0


class Licensing:
    """Licenses, metering, proofs and settlement over one chain."""

    def __init__(
        self, *, database: Database, sealer: Sealer, clock: Clock, settings: LicensingSettings
    ) -> None:
        """Touches nothing yet. `sealer` keeps the wallets' keys, the session keys and the server's own
        keys.
        """
        self._database, self._sealer, self._clock, self._settings = database, sealer, clock, settings
        self._keys = KeyRing(database, sealer, clock)
        self._view = View(clock, settings.limits, confirmations=settings.confirmations)
        self._local: LocalChain | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # --- life

    async def start(self) -> None:
        """Start (or reach) the chain, deploy the contracts when there are none, and follow the chain's head.

        Returns when the snapshot in memory has reached the head. Transactions and settlements that a crash
        interrupted are resumed in the background.

        Raises:
            AnvilMissing: the local chain's program is not installed.
            ChainUnavailable: the chain named in the settings does not answer.
            ChainMismatch: it is not the chain that the records in the database belong to.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        await self._keys.start()
        self._chain = await self._reach_chain()
        self._sending = Transactions(
            self._chain,
            self._database,
            self._keys,
            self._clock,
            final_number=lambda: self._view.final.block.number,
            make_durable=self._local.make_durable if self._local else None,
        )
        await self._sending.resume()
        deployment = Deployment(self._chain, self._database, self._keys, self._sending)
        await deployment.ready(currency=self._settings.currency)
        self._assemble()
        await self._name_currency()
        await self._indexer.load(await deployment.first_block())
        await self._indexer.step()
        self._tasks = [
            asyncio.create_task(self._indexer.run(self._settings.poll_interval_s)),
            asyncio.create_task(self._upkeep()),
        ]
        log.info(
            "licensing.started",
            extra={
                "chain_id": self._chain.chain_id,
                "head": self._view.head.block.number,
                "contracts_version": self._chain.contracts_version,
            },
        )
        if self._chain.contracts_lack is not None:
            log.warning("licensing.older_contracts", extra={"reason": self._chain.contracts_lack})

    async def stop(self) -> None:
        """Stop following, make the local chain's state durable and end its process. Safe to call twice."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        if self._local is not None:
            await self._local.stop()
            self._local = None
        if hasattr(self, "_chain"):
            await self._chain.rpc.close()

    def chain_status(self) -> ChainStatus:
        """How the chain does, for `/readyz` and `/api/session`. Never waits, never raises."""
        freshness = self._view.freshness()
        return ChainStatus(
            chain_id=self._chain.chain_id,
            local=self._local is not None,
            freshness=freshness,
            head=self._view.head.block if self._view.head.block.number >= 0 else None,
            head_age_s=self._view.age_s(),
            contracts=dict(self._chain.addresses),
            currency_symbol=self._currency_symbol,
            currency_decimals=self._currency_decimals,
            currency_name=self._currency_name,
            operator=self._keys.server("operator"),
            fee_bps=FEE_BPS,
            rpc_url=self._chain.rpc.url,
            problem=None
            if freshness is Freshness.FRESH
            else self._view.problem or "no new block for too long",
            contracts_version=self._chain.contracts_version,
            contracts_lack=self._chain.contracts_lack,
        )

    # --- wallets

    async def create_wallet(self) -> Address:
        """Make a managed wallet: its key is sealed in SQL. It gets gas when it first needs some."""
        return await self._wallets.create()

    async def check_wallet(self, address: Address) -> None:
        """See that a managed wallet's key opens as stored. Raises `WalletNotManaged`, and what the sealer raises."""
        await self._keys.check(address)

    async def balance(self, address: Address) -> Balance:
        """What `address` owns. Raises `ChainUnavailable`."""
        return await self._wallets.balance(address)

    async def use_faucet(self, address: Address) -> Balance:
        """Give `address` test currency (and gas) on the local chain; managed or not.

        Raises:
            FaucetRefused: not the local chain, or it owns enough already.
        """
        await self._wallets.use_faucet(address)
        return await self._wallets.balance(address)

    # --- what is offered

    async def register_asset(
        self,
        *,
        author: Address,
        shares: Sequence[Share],
        content_digest: str,
        uri: str,
        series: SeriesId | None = None,
    ) -> Asset:
        """Register one published version on chain, with a receipt for each share; the author's wallet signs.

        `content_digest` is sha256 in hex (of the canonical graph). `series` None begins a new series; for a
        further version pass the first one's `Asset.series`, whose licenses then cover it too. Shares can
        never change.

        Raises:
            InvalidShares, WalletNotManaged, TransactionFailed, ChainUnavailable.
        """
        steps = self._market.register(author, shares, content_digest, uri, series)
        mined = await self._followed(await self._wallets.act(author, steps))
        return self._asset_in(mined.events)

    async def fork_asset(
        self,
        *,
        author: Address,
        license_id: LicenseId,
        parent_id: AssetId,
        shares: Sequence[Share],
        content_digest: str,
        uri: str,
    ) -> Asset:
        """Publish a work made from another's, by a license of `author` that allows it; it begins a series.

        The parent, and the works that was made from, earn their part of every version of it for good.

        Raises:
            InvalidShares, InvalidTerms, NotTheHolder, Unknown, WalletNotManaged, TransactionFailed,
            ChainUnavailable.
            ContractsTooOld: an earlier Qanat deployed this chain's contracts.
        """
        steps = self._market.fork(author, license_id, parent_id, shares, content_digest, uri)
        mined = await self._followed(await self._wallets.act(author, steps))
        return self._asset_in(mined.events)

    async def offer_terms(self, *, author: Address, asset_id: AssetId, offer: TermsOffer) -> Terms:
        """Offer the series for sale. Terms are immutable: to change a price, stop them and offer others.

        Raises:
            InvalidTerms, NotTheHolder, WalletNotManaged, TransactionFailed, ChainUnavailable.
        """
        steps = self._market.offer(author, asset_id, offer)
        mined = await self._followed(await self._wallets.act(author, steps))
        [offered] = [event for event in mined.events if event.name == "TermsOffered"]
        return self.get_terms(TermsId(offered.arguments["termsId"]))

    async def stop_terms(self, *, author: Address, terms_id: TermsId) -> Terms:
        """Sell no more licenses under these terms. Those sold live on, but cannot be renewed."""
        await self._followed(await self._wallets.act(author, self._market.stop_selling(author, terms_id)))
        return self.get_terms(terms_id)

    async def prepare_register_asset(
        self,
        *,
        author: Address,
        shares: Sequence[Share],
        content_digest: str,
        uri: str,
        series: SeriesId | None = None,
    ) -> list[PreparedTransaction]:
        """As `register_asset`, unsigned, for an author with a wallet of their own; then
        `asset_registered_by`.
        """
        return self._market.register(author, shares, content_digest, uri, series)

    async def prepare_offer_terms(
        self, *, author: Address, asset_id: AssetId, offer: TermsOffer
    ) -> list[PreparedTransaction]:
        """As `offer_terms`, unsigned."""
        return self._market.offer(author, asset_id, offer)

    async def asset_registered_by(self, tx_hash: str) -> Asset:
        """The asset that a transaction registered; waits a few seconds for it to be mined. Raises
        `Unknown`.
        """
        for _ in range(100):
            receipt = await self._chain.rpc.call("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                await self._indexer.wait_for(int(receipt["blockNumber"], 16), receipt["blockHash"])
                return self._asset_in(tuple(self._chain.events_of_receipt(receipt)))
            await asyncio.sleep(0.1)
        raise Unknown("mined transaction", tx_hash)

    def get_asset(self, asset_id: AssetId) -> Asset:
        """Raises `Unknown`."""
        asset = self._view.head.assets.get(asset_id)
        if asset is None:
            raise Unknown("asset", asset_id)
        return asset

    def list_offers(self, asset_id: AssetId) -> list[Terms]:
        """The terms on sale for the asset's series, oldest first. Raises `Unknown`."""
        return self._view.offers(self.get_asset(asset_id).series)

    def get_terms(self, terms_id: TermsId) -> Terms:
        """Raises `Unknown`."""
        return self._market.terms(terms_id)

    # --- licenses

    async def buy(self, *, holder: Address, terms_id: TermsId, deposit: int = 0) -> License:
        """Buy with a managed wallet. A metered license gets its session key here and `deposit` as its budget.

        Returns when the license can be used (or is `pending`, on a chain that confirms later).

        Raises:
            NotOffered, InvalidTerms, FundsMissing, WalletNotManaged, TransactionFailed, ChainUnavailable.
        """
        steps = self._market.buy(holder, terms_id, deposit, await self._session_key())
        spends = self._market.terms(terms_id).price + deposit
        mined = await self._followed(await self._wallets.act(holder, steps, spends=spends))
        [bought] = [event for event in mined.events if event.name == "LicenseBought"]
        return await self.get_license(LicenseId(bought.arguments["licenseId"]))

    async def prepare_buy(
        self, *, holder: Address, terms_id: TermsId, deposit: int = 0, signer: Address | None = None
    ) -> list[PreparedTransaction]:
        """As `buy`, unsigned, for a wallet of the holder's own; the license appears once the chain has it.

        `signer` is who will sign vouchers; None lets a session key kept here sign them, up to the deposit.
        """
        return self._market.buy(holder, terms_id, deposit, signer or await self._session_key())

    async def renew(self, *, holder: Address, license_id: LicenseId) -> License:
        """Buy another period of a `time` license, from its end or from now, whichever is later."""
        steps = self._market.renew(holder, license_id)
        spends = self._market.terms(self._market.held(holder, license_id).terms_id).price
        return await self._acted(holder, license_id, steps, spends=spends)

    async def prepare_renew(self, *, holder: Address, license_id: LicenseId) -> list[PreparedTransaction]:
        return self._market.renew(holder, license_id)

    async def top_up(self, *, holder: Address, license_id: LicenseId, amount: int) -> License:
        """Add to the deposit of a metered license."""
        steps = self._market.top_up(holder, license_id, amount)
        return await self._acted(holder, license_id, steps, spends=amount)

    async def prepare_top_up(
        self, *, holder: Address, license_id: LicenseId, amount: int
    ) -> list[PreparedTransaction]:
        return self._market.top_up(holder, license_id, amount)

    async def request_withdraw(self, *, holder: Address, license_id: LicenseId, amount: int) -> License:
        """Ask unspent deposit back. It leaves the budget at once and can be fetched after the chain's
        delay.
        """
        steps = self._market.request_withdraw(holder, license_id, amount)
        return await self._acted(holder, license_id, steps)

    async def withdraw(self, *, holder: Address, license_id: LicenseId) -> License:
        """Fetch what was asked back. Raises `TransactionFailed` before the delay is over."""
        return await self._acted(holder, license_id, self._market.withdraw(holder, license_id))

    async def list_licenses(self, holder: Address) -> list[License]:
        """Newest first. Needs no chain: answers from memory and SQL."""
        head = self._view.head
        async with self._database.reading() as connection:
            return [
                await self._license(connection, head.licenses[license_id])
                for license_id in reversed(head.holdings.get(holder, ()))
            ]

    async def get_license(self, license_id: LicenseId) -> License:
        """Raises `Unknown`."""
        record = self._view.head.licenses.get(license_id)
        if record is None:
            raise Unknown("license", license_id)
        async with self._database.reading() as connection:
            return await self._license(connection, record)

    # --- one use

    def check(self, holder: Address, asset_id: AssetId) -> Permission:
        """May `holder` use the asset now? In memory only, microseconds.

        The author may always use their own asset, for nothing. A valid `time` license wins over a metered
        one.

        Raises:
            NotPermitted: one of its kinds, with facts and the offers that would change it.
            ChainUnavailable: the chain has been silent for too long.
            Unknown: no such asset.
        """
        return self._view.check(holder, asset_id)

    async def reserve(
        self,
        permission: Permission,
        *,
        idempotency_key: str,
        request_digest: str,
        max_charge: int | None = None,
        voucher: SignedVoucher | None = None,
        connection: AsyncConnection | None = None,
    ) -> Reservation:
        """Set aside the most this call may cost; committed on return, unless `connection` is given.

        `max_charge` None takes the permission's. The holder's ceiling is signed by our session key, or must
        come as `voucher` where the holder kept the signing key. With a key used before by this holder, the
        first reservation is returned with `repeated=True` and nothing is reserved again.

        Raises:
            BudgetExhausted, LicenseExpired, LicenseFrozen, VoucherRefused (its kinds), ChainUnavailable.
            KeyReused: the idempotency key came with another `request_digest` or asset before.
        """

        async def within(transaction: AsyncConnection) -> Reservation:
            return await self._ledger.reserve(
                transaction,
                permission,
                idempotency_key=idempotency_key,
                request_digest=request_digest,
                max_charge=max_charge,
                voucher=voucher,
            )

        if connection is not None:
            return await within(connection)
        async with self._database.writing() as own:
            return await within(own)

    async def charge(self, connection: AsyncConnection, reservation_id: ReservationId, use: Use) -> Charge:
        """Charge a reservation, credit the receipts and sign the proof, all within the caller's transaction.

        Charging the same reservation again changes nothing and returns the first charge.

        Raises:
            ReservationGone: it was released or ran out; do not hand out the answer.
            ValueError: `use.amount` is negative or above the reservation.
        """
        return await self._ledger.charge(connection, reservation_id, use)

    async def hold_on(self, connection: AsyncConnection, reservation_id: ReservationId) -> bool:
        """Whether a reservation is still held; if so it holds as long again, from now. For a run that goes on
        after a restart, with what was granted before it.
        """
        return await self._ledger.hold_on(connection, reservation_id)

    async def release(
        self, reservation_id: ReservationId, *, connection: AsyncConnection | None = None
    ) -> None:
        """Give back a reservation whose run failed or was cancelled. Twice is fine; a charged one stays
        charged.
        """
        if connection is not None:
            await self._ledger.release(connection, reservation_id)
            return
        async with self._database.writing() as own:
            await self._ledger.release(own, reservation_id)

    async def proof(self, proof_id: ProofId) -> dict[str, Any]:
        """The proof as the JSON document that `licensing.proof.verify_proof` reads.

        Once its batch is settled, with its place in the batch and the settling transaction. Raises `Unknown`.
        """
        async with self._database.reading() as connection:
            row = (
                await connection.execute(select(invocations).where(invocations.c.proof_id == proof_id))
            ).one_or_none()
            if row is None:
                raise Unknown("proof", proof_id)
            batch = await self._settler.place(connection, row)
        kept = json.loads(row.proof)
        return proof_document(
            kept["use"],
            signature=kept["signature"],
            citations=kept["citations"],
            voucher=kept["voucher"],
            batch=batch,
        )

    # --- money

    async def earnings(self, address: Address) -> Earnings:
        """What the receipts of `address` earned, claimed and may claim, and the settlements that paid
        them.
        """
        async with self._database.reading() as connection:
            return await self._earnings.of(connection, address)

    async def claim(self, *, address: Address, receipt_ids: Sequence[ReceiptId] | None = None) -> Claim:
        """Move what is claimable to the receipts' payout addresses; None claims all receipts of `address`.

        Raises:
            NothingToClaim, NotTheHolder, Unknown, TransactionFailed, ChainUnavailable.
        """
        ready = self._earnings.claimable(address, receipt_ids)
        payer = address if await self._keys.holds(address) else self._keys.server("relayer")
        steps = self._market.claim(ready, pull_from=self._earnings.royalties_to_pull(ready))
        mined = await self._followed(await self._wallets.act(payer, steps))
        amount = sum(event.arguments["amount"] for event in mined.events if event.name == "Claimed")
        return Claim(tx_hash=mined.hash, amount=amount, receipt_ids=tuple(ready))

    async def settle(self) -> list[Settlement]:
        """Settle now everything charged so far, and wait until it is mined. Empty when nothing is waiting.

        Happens by itself too, by value and by age (`Limits`).
        """
        done = set(await self._settler.settle())
        if done:
            await self._indexer.step()
            await self._sending.resume()
        return [one for one in await self.list_settlements(limit=len(done)) if one.settlement_id in done]

    async def list_settlements(self, *, limit: int = 50) -> list[Settlement]:
        """Newest first."""
        async with self._database.reading() as connection:
            return await self._settler.listed(connection, limit=limit)

    # --- inside

    async def _reach_chain(self) -> Chain:
        if self._settings.rpc_url is not None:
            chain = Chain(Rpc(self._settings.rpc_url))
            await chain.connect()
            return chain
        self._local = LocalChain(
            self._settings.folder,
            program=self._settings.anvil or find_anvil(),
            port=self._settings.local_port,
        )
        await self._local.start()
        if self._local.is_new:
            for purpose in ("admin", "relayer"):
                await self._local.fund(self._keys.server(purpose), _LOCAL_GAS)
            await self._local.make_durable()
        chain = Chain(Rpc(self._local.url))
        await chain.connect()
        return chain

    async def _name_currency(self) -> None:
        self._currency_symbol: str = await self._chain.read("TestCurrency", "symbol")
        self._currency_name: str = await self._chain.read("TestCurrency", "name")
        self._currency_decimals: int = await self._chain.read("TestCurrency", "decimals")

    def _assemble(self) -> None:
        """Join the parts, now that the contracts' addresses are known."""
        limits = self._settings.limits
        domain = Domain(self._chain.chain_id, self._chain.addresses["Settlement"])
        vouchers = Vouchers(domain)
        self._market = Market(self._chain, self._view)
        self._wallets = Wallets(
            self._chain,
            self._database,
            self._keys,
            self._sending,
            limits,
            has_faucet=self._local is not None,
        )
        self._ledger = Ledger(self._database, self._view, self._keys, vouchers, self._clock, limits)
        self._settler = Settler(
            self._chain,
            self._database,
            self._view,
            self._keys,
            vouchers,
            self._sending,
            self._clock,
            limits,
        )
        self._earnings = EarningsReader(self._view, self._settler)
        self._indexer = Indexer(
            self._chain,
            self._database,
            self._view,
            finality=self._finality,
            on_final=self._on_final,
            is_idle=self._is_idle if self._local is not None else None,
        )

    async def _finality(self, head_number: int) -> int:
        """The newest block that can no longer vanish; on the local chain, the newest one that is on disk."""
        if self._local is not None:
            return await self._local.make_durable()
        return head_number - self._settings.finality_depth

    async def _is_idle(self) -> bool:
        """Whether the local chain has nothing to put in a block."""
        pool = await self._chain.rpc.call("txpool_status")
        return int(pool["pending"], 16) == 0

    async def _on_final(self, connection: AsyncConnection, events: Sequence[Event]) -> None:
        """Book sales, in the transaction that makes their blocks final."""
        for event in events:
            if event.name == "SaleRecorded":
                await self._ledger.record_sale(
                    connection,
                    AssetId(event.arguments["assetId"]),
                    event.arguments["amount"],
                    posting=f"sale:{event.transaction_hash}:{event.log_index}",
                    payer=event.arguments["payer"],
                )

    async def _upkeep(self) -> None:
        """What must happen though nobody asks: overdue reservations, settlements, a dead local chain."""
        while True:
            await asyncio.sleep(_UPKEEP_INTERVAL_S)
            try:
                await self._ledger.expire_all()
                await self._keep_chain_alive()
                await self._sending.resume()
                if await self._settler.due():
                    await self._settler.settle()
            except LicensingError as error:  # an outage or a refusal: tried again at the next round
                log.warning("licensing.upkeep_failed", extra={"reason": str(error)})
            except Exception:  # whatever it was must not end the upkeep: charges would never be settled
                log.exception("licensing.upkeep_failed")

    async def _keep_chain_alive(self) -> None:
        if self._local is not None and self._settings.restart_local_chain and not self._local.alive():
            log.warning("licensing.local_chain_restarted")
            await self._local.start()

    async def _followed(self, mined: Mined) -> Mined:
        """Wait until the view knows what was just mined."""
        await self._indexer.wait_for(mined.block_number, mined.block_hash)
        return mined

    async def _acted(
        self, holder: Address, license_id: LicenseId, steps: Sequence[PreparedTransaction], *, spends: int = 0
    ) -> License:
        await self._followed(await self._wallets.act(holder, steps, spends=spends))
        return await self.get_license(license_id)

    async def _session_key(self) -> Address:
        async with self._database.writing() as connection:
            return await self._keys.create(connection, "session")

    def _asset_in(self, events: Sequence[Event]) -> Asset:
        for event in events:
            if event.name == "AssetRegistered":
                return self.get_asset(AssetId(event.arguments["assetId"]))
        raise Unknown("asset registered by this transaction", "")

    async def _license(self, connection: AsyncConnection, record: LicenseRecord) -> License:
        budget = None
        if record.kind is TermsKind.METERED:
            charged, reserved = await self._ledger.standing(connection, record)
            channel = self._view.head.channels.get((record.license_id, record.epoch))
            deposited = channel.deposited if channel else 0
            usable = self._view.usable_deposit(record)
            budget = Budget(
                deposited=deposited,
                charged=charged,
                reserved=reserved,
                withdrawing=deposited - channel.usable if channel else 0,
                available=max(0, usable - charged - reserved),
            )
        return License(
            license_id=record.license_id,
            holder=record.holder,
            series=record.series,
            terms=self._view.head.terms[record.terms_id],
            state=self._state_of(record),
            expires_at=None if record.expires_at == FOREVER else moment_of(record.expires_at * 10**6),
            epoch=record.epoch,
            signer=record.signer,
            signer_is_ours=await self._keys.holds(record.signer, connection=connection),
            budget=budget,
        )

    def _state_of(self, record: LicenseRecord) -> LicenseState:
        asset = self._view.head.assets[self._view.head.terms_asset[record.terms_id]]
        if asset.frozen:
            return LicenseState.FROZEN
        if self._view.pending(record):
            return LicenseState.PENDING
        return LicenseState.EXPIRED if self._view.has_expired(record) else LicenseState.ACTIVE
