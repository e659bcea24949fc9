"""The SQL of one use, declared once so that it is compiled once. `ledger.py` says what it is for."""

from sqlalchemy import bindparam, case, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or  # its ON CONFLICT is SQLite's too

from licensing.tables import asset_totals, channels, invocations, ledger

FIND_EARLIER = select(invocations).where(
    invocations.c.holder == bindparam("holder"), invocations.c.idempotency_key == bindparam("key")
)
FIND_CHANNEL = select(channels).where(channels.c.channel == bindparam("channel")).with_for_update()
FIND_OVERDUE = select(invocations.c.id).where(
    invocations.c.channel == bindparam("channel"),
    invocations.c.state == "reserved",
    invocations.c.expires_at <= bindparam("now"),
)
OPEN_CHANNEL = (
    insert_or(channels)
    .values(
        channel=bindparam("channel"),
        license_id=bindparam("license_id"),
        epoch=bindparam("epoch"),
        charged=0,
        reserved=0,
        grace_charged=0,
        best_ceiling=0,
        sequence=0,
        head=bindparam("head"),
    )
    .on_conflict_do_nothing()
)
SET_ASIDE = (
    update(channels)
    .where(
        channels.c.channel == bindparam("name"),
        channels.c.charged + channels.c.reserved + bindparam("amount") <= bindparam("deposit"),
    )
    .values(
        reserved=channels.c.reserved + bindparam("amount"),
        best_ceiling=bindparam("ceiling"),
        best_signature=bindparam("signature"),
        signer=bindparam("ceiling_signer"),
    )
)
_SPENT_IN_GRACE = case(
    (channels.c.grace_since == bindparam("since"), channels.c.grace_charged), else_=literal(0)
)
SET_ASIDE_IN_GRACE = SET_ASIDE.where(_SPENT_IN_GRACE + bindparam("amount") <= bindparam("grace_cap")).values(
    grace_charged=_SPENT_IN_GRACE + bindparam("amount"), grace_since=bindparam("since")
)
ADD_INVOCATION = insert(invocations).values(
    {
        name: bindparam(name)
        for name in (
            "id",
            "holder",
            "idempotency_key",
            "request_digest",
            "channel",
            "asset_id",
            "kind",
            "state",
            "max_charge",
            "charge",
            "freshness",
            "block_number",
            "block_hash",
            "block_timestamp",
            "created_at",
            "expires_at",
        )
    }
)
FIND_INVOCATION = (
    select(
        invocations,
        channels.c.license_id,
        channels.c.epoch,
        channels.c.charged,
        channels.c.sequence.label("channel_sequence"),
        channels.c.head,
        channels.c.best_ceiling,
        channels.c.best_signature,
        channels.c.signer,
    )
    .join(channels, channels.c.channel == invocations.c.channel)
    .where(invocations.c.id == bindparam("reservation_id"))
    .with_for_update()
)
CHARGE_CHANNEL = (
    update(channels)
    .where(channels.c.channel == bindparam("name"))
    .values(
        charged=channels.c.charged + bindparam("amount"),
        reserved=channels.c.reserved - bindparam("held"),
        sequence=channels.c.sequence + 1,
        head=bindparam("new_head"),
    )
)
CHARGE_INVOCATION = (
    update(invocations)
    .where(invocations.c.id == bindparam("reservation_id"), invocations.c.state == "reserved")
    .values(
        state="charged",
        charge=bindparam("amount"),
        charged_at=bindparam("now"),
        sequence=bindparam("number"),
        proof_id=bindparam("new_proof_id"),
        leaf=bindparam("new_leaf"),
        proof=bindparam("new_proof"),
    )
)
_adding = insert_or(asset_totals).values(
    asset_id=bindparam("asset_id"),
    gross=bindparam("gross"),
    charged=bindparam("charged"),
    uses=bindparam("uses"),
)
ADD_TO_ASSET = _adding.on_conflict_do_update(
    index_elements=["asset_id"],
    set_={
        "gross": asset_totals.c.gross + _adding.excluded.gross,
        "charged": asset_totals.c.charged + _adding.excluded.charged,
        "uses": asset_totals.c.uses + _adding.excluded.uses,
    },
).returning(asset_totals.c.gross)
POST = insert(ledger).values(
    posting=bindparam("posting"), account=bindparam("account"), amount=bindparam("amount")
)
RELEASE_INVOCATION = (
    update(invocations)
    .where(invocations.c.id == bindparam("reservation_id"), invocations.c.state == "reserved")
    .values(state="released")
)
HOLD_ON = (
    update(invocations)
    .where(
        invocations.c.id == bindparam("reservation_id"),
        invocations.c.state == "reserved",
        invocations.c.expires_at > bindparam("now"),
    )
    .values(expires_at=bindparam("later"))
)
GIVE_BACK = (
    update(channels)
    .where(channels.c.channel == bindparam("name"))
    .values(reserved=channels.c.reserved - bindparam("held"))
)
