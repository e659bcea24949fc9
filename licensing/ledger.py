"""Reserve, charge, release: the money of every use, each step one SQL transaction.

What is served was reserved, what is charged was reserved, and one conditional UPDATE decides whether a budget
covers a call: its row count, not something read before. The ceiling that the holder's voucher allows always
covers what is charged and every call in flight, so a crash leaves nothing that the chain would not pay.
"""

import json
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, case, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or
from sqlalchemy.ext.asyncio import AsyncConnection

from licensing.clock import microseconds, moment_of
from licensing.credit import CARRY, credits_of
from licensing.errors import (
    BudgetExhausted,
    KeyReused,
    ReservationGone,
    Unknown,
    VoucherAboveDeposit,
    VoucherNeeded,
    VoucherReplayed,
    WrongSignature,
)
from licensing.keys import KeyRing
from licensing.ports import Clock, Database
from licensing.proof import FIRST, citations_root, sign_use, use_hash
from licensing.signing import sign
from licensing.state import LicenseRecord
from licensing.tables import asset_totals, channels, invocations, ledger
from licensing.values import (
    Address,
    AssetId,
    Block,
    Charge,
    Freshness,
    Limits,
    Permission,
    ProofId,
    Reservation,
    ReservationId,
    SignedVoucher,
    Use,
)
from licensing.view import View
from licensing.voucher import Vouchers


class Ledger:
    """Keeps what every license may spend, has reserved and was charged."""

    def __init__(
        self,
        database: Database,
        view: View,
        keys: KeyRing,
        vouchers: Vouchers,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._database, self._view, self._keys = database, view, keys
        self._vouchers, self._clock, self._limits = vouchers, clock, limits

    # --- reserve

    async def reserve(
        self,
        permission: Permission,
        *,
        idempotency_key: str,
        request_digest: str,
        max_charge: int | None,
        voucher: SignedVoucher | None,
        connection: AsyncConnection | None,
    ) -> Reservation:
        """See `service.Licensing.reserve`."""
        if connection is None:
            async with self._database.writing() as own:
                return await self._reserve(
                    own, permission, idempotency_key, request_digest, max_charge, voucher
                )
        async with connection.begin_nested():
            return await self._reserve(
                connection, permission, idempotency_key, request_digest, max_charge, voucher
            )

    async def _reserve(
        self,
        connection: AsyncConnection,
        permission: Permission,
        idempotency_key: str,
        request_digest: str,
        max_charge: int | None,
        voucher: SignedVoucher | None,
    ) -> Reservation:
        now = microseconds(self._clock.now())
        earlier = (
            await connection.execute(
                select(invocations).where(
                    invocations.c.holder == permission.holder,
                    invocations.c.idempotency_key == idempotency_key,
                )
            )
        ).one_or_none()
        if earlier is not None:
            if earlier.request_digest != request_digest or earlier.asset_id != permission.asset_id:
                raise KeyReused(
                    "This Idempotency-Key was used for another question. Use a new key for each question.",
                    idempotency_key=idempotency_key,
                )
            if earlier.state == "charged" or (earlier.state == "reserved" and earlier.expires_at > now):
                return _reservation(earlier, repeated=True)

        now_allowed = self._view.check(permission.holder, permission.asset_id)  # it may have changed since
        record = self._view.head.licenses[now_allowed.license_id] if now_allowed.license_id else None
        amount = now_allowed.max_charge if max_charge is None else max_charge
        if not 0 <= amount <= now_allowed.max_charge:
            raise ValueError(f"a call under this license costs 0 to {now_allowed.max_charge}, not {amount}")
        channel = channel_of(now_allowed, record)
        await connection.execute(
            insert_or(channels)
            .values(
                channel=channel,
                license_id=now_allowed.license_id,
                epoch=record.epoch if record else None,
                head=FIRST,
            )
            .on_conflict_do_nothing()
        )
        await self._expire(connection, now, channel=channel)
        if record is not None and now_allowed.kind == "metered":
            await self._set_aside(connection, now_allowed, record, channel, amount, voucher)
        elif voucher is not None:
            raise WrongSignature("This license is paid in advance: no voucher is needed. Send none.")

        values: dict[str, Any] = {
            "holder": permission.holder,
            "idempotency_key": idempotency_key,
            "request_digest": request_digest,
            "channel": channel,
            "asset_id": permission.asset_id,
            "kind": now_allowed.kind,
            "state": "reserved",
            "max_charge": amount,
            "charge": 0,
            "freshness": now_allowed.freshness.value,
            "block_number": now_allowed.block.number,
            "block_hash": now_allowed.block.hash,
            "block_timestamp": now_allowed.block.timestamp,
            "created_at": now,
            "expires_at": now + int(self._limits.reservation_ttl_s * 1e6),
        }
        if earlier is None:
            values["id"] = uuid4().hex
            await connection.execute(insert(invocations).values(values))
        else:  # the first try was given back: this one takes its place
            if earlier.state == "reserved":
                await self.release(connection, ReservationId(earlier.id))
            values["id"] = earlier.id
            await connection.execute(update(invocations).where(invocations.c.id == earlier.id).values(values))
        return Reservation(
            reservation_id=ReservationId(values["id"]),
            permission=now_allowed,
            max_charge=amount,
            state="reserved",
            repeated=False,
            proof_id=None,
            charge=0,
            expires_at=moment_of(values["expires_at"]),
        )

    async def _set_aside(
        self,
        connection: AsyncConnection,
        permission: Permission,
        record: LicenseRecord,
        channel: str,
        amount: int,
        voucher: SignedVoucher | None,
    ) -> None:
        deposit = self._view.usable_deposit(record)
        change = (
            update(channels)
            .where(
                channels.c.channel == channel,
                channels.c.charged + channels.c.reserved + amount <= deposit,
            )
            .values(reserved=channels.c.reserved + amount)
        )
        if permission.freshness is not Freshness.FRESH:
            since = int(self._view.last_sign_at * 1e6)
            spent = case((channels.c.grace_since == since, channels.c.grace_charged), else_=0)
            change = change.where(spent + amount <= self._limits.grace_cap).values(
                grace_charged=spent + amount, grace_since=since
            )
        row = (
            await connection.execute(
                change.returning(
                    channels.c.charged,
                    channels.c.reserved,
                    channels.c.best_ceiling,
                    channels.c.signer,
                )
            )
        ).one_or_none()
        if row is None:
            raise await self._no_budget(connection, permission, record, channel, amount, deposit)
        needed = row.charged + row.reserved
        best = row.best_ceiling if row.signer == record.signer else 0
        if voucher is not None:
            self._check_voucher(voucher, record, best=best, needed=needed, deposit=deposit)
            ceiling, signature = voucher.cumulative, voucher.signature
        elif needed <= best:
            return
        elif await self._keys.holds(record.signer, connection=connection):
            key = await self._keys.key(record.signer, connection=connection)
            digest = self._vouchers.voucher_digest(record.license_id, record.epoch, needed)
            ceiling, signature = needed, "0x" + sign(key, digest).hex()
        else:
            raise VoucherNeeded(
                f"Sign a voucher for a total of {needed} with the key {record.signer} and send it along.",
                license_id=record.license_id,
                epoch=record.epoch,
                ceiling=needed,
                signer=record.signer,
            )
        await connection.execute(
            update(channels)
            .where(channels.c.channel == channel)
            .values(best_ceiling=ceiling, best_signature=signature, signer=record.signer)
        )

    def _check_voucher(
        self, voucher: SignedVoucher, record: LicenseRecord, *, best: int, needed: int, deposit: int
    ) -> None:
        known: dict[str, Any] = {
            "license_id": record.license_id,
            "epoch": record.epoch,
            "signer": record.signer,
        }
        try:
            signature = bytes.fromhex(voucher.signature.removeprefix("0x"))
        except ValueError:
            signature = b""
        signer = (
            self._vouchers.voucher_signer(record.license_id, record.epoch, voucher.cumulative, signature)
            if 0 <= voucher.cumulative < 2**128
            else None
        )
        if (voucher.license_id, voucher.epoch) != (
            record.license_id,
            record.epoch,
        ) or signer != record.signer:
            raise WrongSignature(
                f"The voucher is not signed by {record.signer} for license {record.license_id} in epoch "
                f"{record.epoch}. Sign it with that key, for this chain and contract.",
                **known,
            )
        if voucher.cumulative <= best:
            raise VoucherReplayed(
                f"A voucher for {best} is here already; one for {voucher.cumulative} adds nothing. "
                f"Sign a total of at least {max(needed, best + 1)}, or send no voucher.",
                ceiling=best,
                **known,
            )
        if voucher.cumulative > deposit:
            raise VoucherAboveDeposit(
                f"The voucher allows {voucher.cumulative}, and {deposit} are deposited. "
                "Sign no more than the deposit, or top it up.",
                deposited=deposit,
                **known,
            )
        if voucher.cumulative < needed:
            raise VoucherNeeded(
                f"The voucher allows {voucher.cumulative}, and this call needs a total of {needed}. Sign that.",
                ceiling=needed,
                **known,
            )

    async def _no_budget(
        self,
        connection: AsyncConnection,
        permission: Permission,
        record: LicenseRecord,
        channel: str,
        amount: int,
        deposit: int,
    ) -> BudgetExhausted:
        row = (await connection.execute(select(channels).where(channels.c.channel == channel))).one()
        available = max(0, deposit - row.charged - row.reserved)
        facts: dict[str, Any] = {
            "license_id": record.license_id,
            "available": available,
            "needed": amount,
            "reserved": row.reserved,
        }
        if available >= amount:
            return BudgetExhausted(
                "The chain does not answer just now, and your license has used up what may be spent meanwhile. "
                "Try again when the chain is back.",
                grace_cap=self._limits.grace_cap,
                **facts,
            )
        offers = [terms.facts() for terms in self._view.offers(record.series)]
        return BudgetExhausted(
            f"This call may cost {amount}, and your license has {available} left. Top it up to go on.",
            offers=offers,
            **facts,
        )

    # --- charge

    async def charge(self, connection: AsyncConnection, reservation_id: ReservationId, use: Use) -> Charge:
        """See `service.Licensing.charge`."""
        row = await self._invocation(connection, reservation_id)
        if row.state == "charged":
            return _charge_of(row)
        if row.state != "reserved":
            raise ReservationGone("The reservation ran out or was given back. Ask again.")
        amount = 0 if row.kind != "metered" else row.max_charge if use.amount is None else use.amount
        if not 0 <= amount <= row.max_charge:
            raise ValueError(f"{row.max_charge} were reserved; {amount} cannot be charged")
        channel = (
            await connection.execute(
                update(channels)
                .where(channels.c.channel == row.channel)
                .values(
                    charged=channels.c.charged + amount,
                    reserved=channels.c.reserved - _held(row),
                    sequence=channels.c.sequence + 1,
                )
                .returning(channels)
            )
        ).one()
        now = microseconds(self._clock.now())
        proof_id = ProofId(uuid4().hex)
        fields = self._use_fields(row, channel, use, amount, now, proof_id)
        operator_key = await self._keys.key(self._keys.server("operator"), connection=connection)
        proof = {
            "use": fields,
            "signature": sign_use(fields, operator_key),
            "citations": [dict(citation) for citation in use.citations],
            "voucher": await self._voucher_of(connection, row, channel),
        }
        leaf = "0x" + use_hash(fields).hex()
        await connection.execute(update(channels).where(channels.c.channel == row.channel).values(head=leaf))
        await connection.execute(
            update(invocations)
            .where(invocations.c.id == row.id, invocations.c.state == "reserved")
            .values(
                state="charged",
                charge=amount,
                charged_at=now,
                sequence=channel.sequence,
                proof_id=proof_id,
                leaf=leaf,
                proof=json.dumps(proof),
            )
        )
        await self.credit(
            connection, AssetId(row.asset_id), amount, posting=f"charge:{row.id}", debit=row.channel, use=True
        )
        return Charge(
            reservation_id=reservation_id,
            proof_id=proof_id,
            charge=amount,
            cumulative=channel.charged,
            sequence=channel.sequence,
            freshness=Freshness(row.freshness),
        )

    def _use_fields(
        self, row: Row[Any], channel: Row[Any], use: Use, amount: int, now: int, proof_id: ProofId
    ) -> dict[str, Any]:
        domain = self._vouchers.domain
        record = self._view.head.licenses.get(channel.license_id) if channel.license_id else None
        return {
            "proof_id": proof_id,
            "chain_id": domain.chain_id,
            "settlement": domain.settlement,
            "operator": self._keys.server("operator"),
            "holder": row.holder,
            "asset_id": row.asset_id,
            "kind": row.kind,
            "channel": row.channel,
            "license_id": channel.license_id,
            "epoch": channel.epoch,
            "signer": channel.signer or (record.signer if record else None),
            "sequence": channel.sequence,
            "previous": channel.head,
            "reserved": row.max_charge,
            "charge": amount,
            "cumulative": channel.charged,
            "request_digest": use.request_digest,
            "answer_digest": use.answer_digest,
            "citations_root": citations_root(use.citations),
            "usage": dict(use.usage),
            "checked_at_block": {"number": row.block_number, "hash": row.block_hash},
            "stale": row.freshness != Freshness.FRESH,
            "at": moment_of(now).isoformat(),
        }

    async def _voucher_of(
        self, connection: AsyncConnection, row: Row[Any], channel: Row[Any]
    ) -> dict[str, Any] | None:
        """The holder's word for this use: a ceiling that covers it, or a count of uses paid in advance."""
        if row.kind == "metered":
            return {
                "kind": "voucher",
                "total": channel.best_ceiling,
                "signature": channel.best_signature,
            }
        record = self._view.head.licenses.get(channel.license_id) if row.kind == "time" else None
        if record is None or not await self._keys.holds(record.signer, connection=connection):
            return None
        key = await self._keys.key(record.signer, connection=connection)
        digest = self._vouchers.usage_count_digest(record.license_id, record.epoch, channel.sequence)
        return {"kind": "usage_count", "total": channel.sequence, "signature": "0x" + sign(key, digest).hex()}

    async def credit(
        self,
        connection: AsyncConnection,
        asset_id: AssetId,
        amount: int,
        *,
        posting: str,
        debit: str,
        use: bool,
    ) -> None:
        """Book what an asset earned, by a use or a sale; the lines of the posting add up to nothing."""
        asset = self._view.head.assets[asset_id]
        after = (
            await connection.execute(
                insert_or(asset_totals)
                .values(asset_id=asset_id, gross=amount, charged=amount if use else 0, uses=int(use))
                .on_conflict_do_update(
                    index_elements=["asset_id"],
                    set_={
                        "gross": asset_totals.c.gross + amount,
                        "charged": asset_totals.c.charged + (amount if use else 0),
                        "uses": asset_totals.c.uses + int(use),
                    },
                )
                .returning(asset_totals.c.gross)
            )
        ).scalar_one()
        if amount == 0:
            return
        shares = {
            receipt_id: share.share_bps
            for receipt_id, share in zip(asset.receipt_ids, asset.shares, strict=True)
        }
        gains = credits_of(after - amount, amount, shares)
        if CARRY in gains:
            gains[f"{CARRY}:{asset_id}"] = gains.pop(CARRY)
        lines = [{"posting": posting, "account": account, "amount": gain} for account, gain in gains.items()]
        await connection.execute(
            insert(ledger), [*lines, {"posting": posting, "account": debit, "amount": -amount}]
        )

    # --- release

    async def release(self, connection: AsyncConnection, reservation_id: ReservationId) -> None:
        """Give back what was set aside; see `service.Licensing.release`."""
        row = await self._invocation(connection, reservation_id)
        released = await connection.execute(
            update(invocations)
            .where(invocations.c.id == reservation_id, invocations.c.state == "reserved")
            .values(state="released")
        )
        if released.rowcount == 1 and _held(row):
            await connection.execute(
                update(channels)
                .where(channels.c.channel == row.channel)
                .values(reserved=channels.c.reserved - _held(row))
            )

    async def expire_all(self) -> None:
        """Give back every reservation that ran out: its run died with a crash."""
        async with self._database.writing() as connection:
            await self._expire(connection, microseconds(self._clock.now()))

    async def _expire(self, connection: AsyncConnection, now: int, *, channel: str | None = None) -> None:
        overdue = select(invocations.c.id).where(
            invocations.c.state == "reserved", invocations.c.expires_at <= now
        )
        if channel is not None:
            overdue = overdue.where(invocations.c.channel == channel)
        for row in list(await connection.execute(overdue)):
            await self.release(connection, ReservationId(row.id))

    async def _invocation(self, connection: AsyncConnection, reservation_id: ReservationId) -> Row[Any]:
        row = (
            await connection.execute(select(invocations).where(invocations.c.id == reservation_id))
        ).one_or_none()
        if row is None:
            raise Unknown("reservation", reservation_id)
        return row

    # --- reading

    async def standing(self, connection: AsyncConnection, record: LicenseRecord) -> tuple[int, int]:
        """What a license was charged and has reserved, in its present epoch."""
        row = (
            await connection.execute(
                select(channels.c.charged, channels.c.reserved).where(
                    channels.c.channel == f"license/{record.license_id}/{record.epoch}"
                )
            )
        ).one_or_none()
        return (row.charged, row.reserved) if row else (0, 0)

    async def total(self, connection: AsyncConnection, account: str) -> int:
        """The sum of one account of the double-entry ledger."""
        return int(
            await connection.scalar(
                select(func.coalesce(func.sum(ledger.c.amount), 0)).where(ledger.c.account == account)
            )
            or 0
        )


def channel_of(permission: Permission, record: LicenseRecord | None) -> str:
    """The name of a chain of uses."""
    if record is None:
        return f"author/{permission.asset_id}/{permission.holder}"
    return f"license/{record.license_id}/{record.epoch}"


def _held(row: Row[Any]) -> int:
    return int(row.max_charge) if row.kind == "metered" else 0


def _reservation(row: Row[Any], *, repeated: bool) -> Reservation:
    license_id = int(row.channel.split("/")[1]) if row.channel.startswith("license/") else None
    return Reservation(
        reservation_id=ReservationId(row.id),
        permission=Permission(
            holder=Address(row.holder),
            asset_id=AssetId(row.asset_id),
            kind=row.kind,
            license_id=license_id,  # type: ignore[arg-type]  # read back from the channel's name
            max_charge=row.max_charge,
            freshness=Freshness(row.freshness),
            block=Block(row.block_number, row.block_hash, row.block_timestamp),
        ),
        max_charge=row.max_charge,
        state=row.state,
        repeated=repeated,
        proof_id=ProofId(row.proof_id) if row.proof_id else None,
        charge=row.charge,
        expires_at=moment_of(row.expires_at),
    )


def _charge_of(row: Row[Any]) -> Charge:
    use = json.loads(row.proof)["use"]
    return Charge(
        reservation_id=ReservationId(row.id),
        proof_id=ProofId(row.proof_id),
        charge=row.charge,
        cumulative=use["cumulative"],
        sequence=row.sequence,
        freshness=Freshness(row.freshness),
    )
