"""Reserve, charge, release: the money of every use, each step one SQL transaction.

What is served was reserved, what is charged was reserved, and one conditional UPDATE decides whether a budget
covers a call: its row count, not something read before. The ceiling that the holder's voucher allows always
covers what is charged and every call in flight, so a crash leaves nothing that the chain would not pay.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from licensing.acceptance import require_acceptable
from licensing.clock import microseconds, moment_of
from licensing.credit import CARRY, credits_of
from licensing.errors import (
    BudgetExhausted,
    ChainUnavailable,
    KeyReused,
    NotPermitted,
    ReservationGone,
    Unknown,
    VoucherNeeded,
    WrongSignature,
)
from licensing.keys import KeyRing
from licensing.ports import Clock, Database
from licensing.proof import FIRST, citations_root, sign_use, use_hash
from licensing.signing import sign
from licensing.sql import Step, run_all
from licensing.state import LicenseRecord
from licensing.statements import (
    ADD_INVOCATION,
    ADD_TO_ASSET,
    CHARGE_CHANNEL,
    CHARGE_INVOCATION,
    FIND_CHANNEL,
    FIND_EARLIER,
    FIND_INVOCATION,
    FIND_OVERDUE,
    GIVE_BACK,
    HOLD_ON,
    OPEN_CHANNEL,
    POST,
    RELEASE_INVOCATION,
    SET_ASIDE,
    SET_ASIDE_IN_GRACE,
)
from licensing.tables import channels, invocations, ledger
from licensing.values import (
    Address,
    AssetId,
    Block,
    Charge,
    Freshness,
    LicenseId,
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

Record = Mapping[str, Any]


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
        connection: AsyncConnection,
        permission: Permission,
        *,
        idempotency_key: str,
        request_digest: str,
        max_charge: int | None,
        voucher: SignedVoucher | None,
    ) -> Reservation:
        """See `service.Licensing.reserve`. Where it raises, it has changed nothing that anybody would
        miss.
        """
        now = microseconds(self._clock.now())
        refusal: Exception | None = None
        try:  # it may have changed since the permission was given
            allowed = self._view.check(permission.holder, permission.asset_id)
        except (NotPermitted, ChainUnavailable) as error:
            allowed, refusal = permission, error
        record = self._view.head.licenses.get(allowed.license_id) if allowed.license_id else None
        name = channel_of(allowed, record)
        earlier, channel, overdue = await run_all(
            connection,
            [
                Step(FIND_EARLIER, {"holder": permission.holder, "key": idempotency_key}),
                Step(FIND_CHANNEL, {"channel": name}),
                Step(FIND_OVERDUE, {"channel": name, "now": now}),
            ],
        )
        first_try = earlier.rows[0] if earlier.rows else None
        if first_try is not None:
            if first_try["request_digest"] != request_digest or first_try["asset_id"] != permission.asset_id:
                raise KeyReused(
                    "This Idempotency-Key was used for another question. Use a new key for each question.",
                    idempotency_key=idempotency_key,
                )
            if first_try["state"] == "charged" or (
                first_try["state"] == "reserved" and first_try["expires_at"] > now
            ):
                return _reservation(first_try, repeated=True)
        if refusal is not None:
            raise refusal
        amount = allowed.max_charge if max_charge is None else max_charge
        if not 0 <= amount <= allowed.max_charge:
            raise ValueError(f"a call under this license costs 0 to {allowed.max_charge}, not {amount}")
        standing = (
            channel.rows[0] if channel.rows else await self._open_channel(connection, name, allowed, record)
        )
        for row in overdue.rows:
            await self.release(connection, ReservationId(row["id"]))
        if overdue.rows:
            [again] = await run_all(connection, [Step(FIND_CHANNEL, {"channel": name})])
            standing = again.rows[0]
        steps: list[Step] = []
        if record is not None and allowed.kind == "metered":
            steps = [await self._set_aside(connection, allowed, record, standing, amount, voucher)]
        elif voucher is not None:
            raise WrongSignature("This license is paid in advance: no voucher is needed. Send none.")
        values: dict[str, Any] = {
            "id": first_try["id"] if first_try else uuid4().hex,
            "holder": permission.holder,
            "idempotency_key": idempotency_key,
            "request_digest": request_digest,
            "channel": name,
            "asset_id": permission.asset_id,
            "kind": allowed.kind,
            "state": "reserved",
            "max_charge": amount,
            "charge": 0,
            "freshness": allowed.freshness.value,
            "block_number": allowed.block.number,
            "block_hash": allowed.block.hash,
            "block_timestamp": allowed.block.timestamp,
            "created_at": now,
            "expires_at": now + int(self._limits.reservation_ttl_s * 1e6),
        }
        if first_try is None:
            steps.append(Step(ADD_INVOCATION, values))
        elif first_try["state"] == "reserved":  # it ran out
            await self.release(connection, ReservationId(values["id"]))
        outcomes = await run_all(connection, steps)
        if record is not None and any(outcome.row_count == 0 for outcome in outcomes):
            raise self._no_budget(record, standing, amount, self._view.usable_deposit(record))
        if first_try is not None:  # it was given back: this one takes its place
            await connection.execute(
                update(invocations).where(invocations.c.id == values["id"]).values(values)
            )
        return _reservation({**values, "proof_id": None}, repeated=False)

    async def _open_channel(
        self, connection: AsyncConnection, name: str, allowed: Permission, record: LicenseRecord | None
    ) -> Record:
        _, found = await run_all(
            connection,
            [
                Step(
                    OPEN_CHANNEL,
                    {
                        "channel": name,
                        "license_id": allowed.license_id,
                        "epoch": record.epoch if record else None,
                        "head": FIRST,
                    },
                ),
                Step(FIND_CHANNEL, {"channel": name}),
            ],
        )
        return found.rows[0]

    async def _set_aside(
        self,
        connection: AsyncConnection,
        allowed: Permission,
        record: LicenseRecord,
        standing: Record,
        amount: int,
        voucher: SignedVoucher | None,
    ) -> Step:
        """The step that decides: it changes a row where the budget covers the call, and none where not."""
        deposit = self._view.usable_deposit(record)
        needed = standing["charged"] + standing["reserved"] + amount
        if needed > deposit:
            raise self._no_budget(record, standing, amount, deposit)
        ceiling, signature = await self._ceiling(connection, record, standing, needed, deposit, voucher)
        change: dict[str, Any] = {
            "name": standing["channel"],
            "amount": amount,
            "deposit": deposit,
            "ceiling": ceiling,
            "signature": signature,
            "ceiling_signer": record.signer,
        }
        if allowed.freshness is Freshness.FRESH:
            return Step(SET_ASIDE, change, must_change=True)
        in_grace = {"since": int(self._view.last_sign_at * 1e6), "grace_cap": self._limits.grace_cap}
        return Step(SET_ASIDE_IN_GRACE, {**change, **in_grace}, must_change=True)

    async def _ceiling(
        self,
        connection: AsyncConnection,
        record: LicenseRecord,
        standing: Record,
        needed: int,
        deposit: int,
        voucher: SignedVoucher | None,
    ) -> tuple[int, str]:
        """A signed ceiling that covers this call and all in flight: the holder's, the one we have, or
        a new one.
        """
        best = standing["best_ceiling"] if standing["signer"] == record.signer else 0
        if voucher is not None:
            require_acceptable(
                voucher, record, vouchers=self._vouchers, best=best, needed=needed, deposit=deposit
            )
            return voucher.cumulative, voucher.signature
        if needed <= best:
            return best, standing["best_signature"]
        key = await self._keys.find(record.signer, connection=connection)
        if key is None:
            raise VoucherNeeded(
                f"Sign a voucher for a total of {needed} with the key {record.signer} and send it along.",
                license_id=record.license_id,
                epoch=record.epoch,
                ceiling=needed,
                signer=record.signer,
            )
        digest = self._vouchers.voucher_digest(record.license_id, record.epoch, needed)
        return needed, "0x" + sign(key, digest).hex()

    def _no_budget(
        self, record: LicenseRecord, standing: Record, amount: int, deposit: int
    ) -> BudgetExhausted:
        available = max(0, deposit - standing["charged"] - standing["reserved"])
        facts: dict[str, Any] = {
            "license_id": record.license_id,
            "available": available,
            "needed": amount,
            "reserved": standing["reserved"],
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
        if row["state"] == "charged":
            return _charge_of(row)
        if row["state"] != "reserved":
            raise ReservationGone("The reservation ran out or was given back. Ask again.")
        amount = 0 if row["kind"] != "metered" else row["max_charge"] if use.amount is None else use.amount
        if not 0 <= amount <= row["max_charge"]:
            raise ValueError(f"{row['max_charge']} were reserved; {amount} cannot be charged")
        now, proof_id = microseconds(self._clock.now()), ProofId(uuid4().hex)
        fields = self._use_fields(row, use, amount, now, proof_id)
        operator_key = await self._keys.key(self._keys.server("operator"), connection=connection)
        proof = {
            "use": fields,
            "signature": sign_use(fields, operator_key),
            "citations": [dict(citation) for citation in use.citations],
            "voucher": await self._voucher_of(connection, row, fields["sequence"]),
        }
        leaf = "0x" + use_hash(fields).hex()
        asset_id = AssetId(row["asset_id"])
        *_, total = await run_all(
            connection,
            [
                Step(
                    CHARGE_CHANNEL,
                    {"name": row["channel"], "amount": amount, "held": _held(row), "new_head": leaf},
                ),
                Step(
                    CHARGE_INVOCATION,
                    {
                        "reservation_id": reservation_id,
                        "amount": amount,
                        "now": now,
                        "number": fields["sequence"],
                        "new_proof_id": proof_id,
                        "new_leaf": leaf,
                        "new_proof": json.dumps(proof),
                    },
                ),
                Step(ADD_TO_ASSET, {"asset_id": asset_id, "gross": amount, "charged": amount, "uses": 1}),
            ],
        )
        lines = self._lines(
            asset_id, total.rows[0]["gross"], amount, f"charge:{reservation_id}", row["channel"]
        )
        if lines:
            await run_all(connection, [Step(POST, lines)])
        return Charge(
            reservation_id=reservation_id,
            proof_id=proof_id,
            charge=amount,
            cumulative=fields["cumulative"],
            sequence=fields["sequence"],
            freshness=Freshness(row["freshness"]),
        )

    def _use_fields(self, row: Record, use: Use, amount: int, now: int, proof_id: ProofId) -> dict[str, Any]:
        domain = self._vouchers.domain
        record = self._view.head.licenses.get(row["license_id"]) if row["license_id"] else None
        return {
            "proof_id": proof_id,
            "chain_id": domain.chain_id,
            "settlement": domain.settlement,
            "operator": self._keys.server("operator"),
            "holder": row["holder"],
            "asset_id": row["asset_id"],
            "kind": row["kind"],
            "channel": row["channel"],
            "license_id": row["license_id"],
            "epoch": row["epoch"],
            "signer": row["signer"] or (record.signer if record else None),
            "sequence": row["channel_sequence"] + 1,
            "previous": row["head"],
            "reserved": row["max_charge"],
            "charge": amount,
            "cumulative": row["charged"] + amount,
            "request_digest": use.request_digest,
            "answer_digest": use.answer_digest,
            "citations_root": citations_root(use.citations),
            "usage": dict(use.usage),
            "checked_at_block": {"number": row["block_number"], "hash": row["block_hash"]},
            "stale": row["freshness"] != Freshness.FRESH,
            "at": moment_of(now).isoformat(),
        }

    async def _voucher_of(
        self, connection: AsyncConnection, row: Record, sequence: int
    ) -> dict[str, Any] | None:
        """The holder's word for this use: a ceiling that covers it, or a count of uses paid in advance."""
        if row["kind"] == "metered":
            return {"kind": "voucher", "total": row["best_ceiling"], "signature": row["best_signature"]}
        record = self._view.head.licenses.get(row["license_id"]) if row["kind"] == "time" else None
        key = await self._keys.find(record.signer, connection=connection) if record else None
        if record is None or key is None:
            return None
        digest = self._vouchers.usage_count_digest(record.license_id, record.epoch, sequence)
        return {"kind": "usage_count", "total": sequence, "signature": "0x" + sign(key, digest).hex()}

    async def record_sale(
        self, connection: AsyncConnection, asset_id: AssetId, amount: int, *, posting: str, payer: str
    ) -> None:
        """Book what an asset earned by a license that was sold or renewed on chain."""
        change = {"asset_id": asset_id, "gross": amount, "charged": 0, "uses": 0}
        [total] = await run_all(connection, [Step(ADD_TO_ASSET, change)])
        lines = self._lines(asset_id, total.rows[0]["gross"], amount, posting, f"sales:{payer}")
        if lines:
            await run_all(connection, [Step(POST, lines)])

    def _lines(
        self, asset_id: AssetId, gross: int, amount: int, posting: str, debit: str
    ) -> list[dict[str, Any]]:
        """One posting of the ledger: who gains from the newest `amount` of an asset's `gross`, and who pays it."""
        if amount == 0:
            return []
        asset = self._view.head.assets[asset_id]
        shares = {
            receipt_id: share.share_bps
            for receipt_id, share in zip(asset.receipt_ids, asset.shares, strict=True)
        }
        royalties = {ancestor.asset_id: ancestor.royalty_bps for ancestor in asset.ancestors}
        gains = credits_of(gross - amount, amount, shares, royalties)
        for name in (CARRY, *(f"royalty:{ancestor}" for ancestor in royalties)):
            if name in gains:
                gains[f"{name}:{asset_id}"] = gains.pop(name)
        changes = {**gains, debit: -amount}
        return [{"posting": posting, "account": name, "amount": change} for name, change in changes.items()]

    # --- hold on, release

    async def hold_on(self, connection: AsyncConnection, reservation_id: ReservationId) -> bool:
        """See `service.Licensing.hold_on`."""
        now = microseconds(self._clock.now())
        later = now + int(self._limits.reservation_ttl_s * 1e6)
        [held] = await run_all(
            connection, [Step(HOLD_ON, {"reservation_id": reservation_id, "now": now, "later": later})]
        )
        return held.row_count == 1

    async def release(self, connection: AsyncConnection, reservation_id: ReservationId) -> None:
        """Give back what was set aside; see `service.Licensing.release`."""
        row = await self._invocation(connection, reservation_id)
        [released] = await run_all(connection, [Step(RELEASE_INVOCATION, {"reservation_id": reservation_id})])
        if released.row_count == 1 and _held(row):
            await run_all(connection, [Step(GIVE_BACK, {"name": row["channel"], "held": _held(row)})])

    async def expire_all(self) -> None:
        """Give back every reservation that ran out: its run died with a crash."""
        overdue = select(invocations.c.id).where(
            invocations.c.state == "reserved", invocations.c.expires_at <= microseconds(self._clock.now())
        )
        async with self._database.reading() as reading:
            ids = list(await reading.scalars(overdue))
        for reservation_id in ids:
            async with self._database.writing() as connection:
                await self.release(connection, ReservationId(reservation_id))

    async def _invocation(self, connection: AsyncConnection, reservation_id: ReservationId) -> Record:
        [found] = await run_all(connection, [Step(FIND_INVOCATION, {"reservation_id": reservation_id})])
        if not found.rows:
            raise Unknown("reservation", reservation_id)
        return found.rows[0]

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
        lines = select(cast(func.coalesce(func.sum(ledger.c.amount), 0), BigInteger)).where(
            ledger.c.account == account
        )
        return int(await connection.scalar(lines) or 0)


def channel_of(permission: Permission, record: LicenseRecord | None) -> str:
    """The name of a chain of uses."""
    if record is None:
        return f"author/{permission.asset_id}/{permission.holder}"
    return f"license/{record.license_id}/{record.epoch}"


def _held(row: Record) -> int:
    return int(row["max_charge"]) if row["kind"] == "metered" else 0


def _reservation(row: Record, *, repeated: bool) -> Reservation:
    license_id = int(row["channel"].split("/")[1]) if row["channel"].startswith("license/") else None
    return Reservation(
        reservation_id=ReservationId(row["id"]),
        permission=Permission(
            holder=Address(row["holder"]),
            asset_id=AssetId(row["asset_id"]),
            kind=row["kind"],
            license_id=LicenseId(license_id) if license_id is not None else None,
            max_charge=row["max_charge"],
            freshness=Freshness(row["freshness"]),
            block=Block(row["block_number"], row["block_hash"], row["block_timestamp"]),
        ),
        max_charge=row["max_charge"],
        state=row["state"],
        repeated=repeated,
        proof_id=ProofId(row["proof_id"]) if row["proof_id"] else None,
        charge=row["charge"],
        expires_at=moment_of(row["expires_at"]),
    )


def _charge_of(row: Record) -> Charge:
    use = json.loads(row["proof"])["use"]
    return Charge(
        reservation_id=ReservationId(row["id"]),
        proof_id=ProofId(row["proof_id"]),
        charge=row["charge"],
        cumulative=use["cumulative"],
        sequence=row["sequence"],
        freshness=Freshness(row["freshness"]),
    )
