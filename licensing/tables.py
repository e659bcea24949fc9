"""The SQL tables of licensing. Amounts are integers of the currency's smallest unit, times unix microseconds.

`chain_*` is what we know of the chain and what we send to it; `license_*` is money and proofs. Addresses and
hashes are text (`0x…`), keys are sealed, and numbers that may pass 63 bits (receipt ids) are text too.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

facts = Table(
    "chain_fact",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="What must stay the same for the records to make sense: chain, genesis, contracts.",
)

signing_keys = Table(
    "chain_signing_key",
    metadata,
    Column("address", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    comment="Sealed keys: operator, relayer and admin (one each), wallets, and session keys of licenses.",
)
Index(
    "one_server_key_each",
    signing_keys.c.purpose,
    unique=True,
    sqlite_where=text("purpose IN ('operator', 'relayer', 'admin')"),
    postgresql_where=text("purpose IN ('operator', 'relayer', 'admin')"),
)

transactions = Table(
    "chain_transaction",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sender", Text, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
    Column("doing", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("block_number", BigInteger),
    Column("block_hash", Text),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('stored', 'sent', 'mined', 'reverted', 'final', 'dropped')"),
    comment="Signed before it is sent; what is sent again is the same bytes.",
)
Index(
    "one_transaction_per_nonce",
    transactions.c.sender,
    transactions.c.nonce,
    unique=True,
    sqlite_where=text("state <> 'dropped'"),
    postgresql_where=text("state <> 'dropped'"),
)

blocks = Table(
    "chain_block",
    metadata,
    Column("number", BigInteger, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("final", Integer, nullable=False, default=0),
    comment="Blocks of the chain that we follow now: no orphans, and of the final ones only the newest.",
)

logs = Table(
    "chain_log",
    metadata,
    Column("block_number", BigInteger, primary_key=True),
    Column("log_index", Integer, primary_key=True),
    Column("contract", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("transaction_hash", Text, nullable=False),
    comment="Every event of our contracts, decoded to JSON; the state in memory is folded from these.",
)

channels = Table(
    "license_channel",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("license_id", BigInteger),
    Column("epoch", BigInteger),
    Column("charged", BigInteger, nullable=False, default=0),
    Column("reserved", BigInteger, nullable=False, default=0),
    Column("grace_charged", BigInteger, nullable=False, default=0),
    Column("grace_since", BigInteger),
    Column("best_ceiling", BigInteger, nullable=False, default=0),
    Column("best_signature", Text),
    Column("signer", Text),
    Column("sequence", BigInteger, nullable=False, default=0),
    Column("head", Text, nullable=False),
    CheckConstraint("charged >= 0 AND reserved >= 0 AND best_ceiling >= 0"),
    comment="One chain of uses: a license in one epoch, or an author with their own asset.",
)

invocations = Table(
    "license_invocation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("request_digest", Text, nullable=False),
    Column("channel", Text, ForeignKey("license_channel.channel"), nullable=False),
    Column("asset_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("max_charge", BigInteger, nullable=False),
    Column("charge", BigInteger, nullable=False, default=0),
    Column("freshness", Text, nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", Text, nullable=False),
    Column("block_timestamp", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("charged_at", BigInteger),
    Column("sequence", BigInteger),
    Column("proof_id", Text, unique=True),
    Column("leaf", Text),
    Column("proof", Text),
    Column("settlement_id", Text),
    UniqueConstraint("holder", "idempotency_key"),
    CheckConstraint("state IN ('reserved', 'charged', 'released')"),
    CheckConstraint("0 <= charge AND charge <= max_charge"),
    comment="One use, from reservation to proof.",
)
Index("invocations_waiting", invocations.c.state, invocations.c.settlement_id)
Index("invocations_open", invocations.c.channel, invocations.c.state)
Index("invocations_by_settlement", invocations.c.settlement_id)

ledger = Table(
    "license_ledger",
    metadata,
    Column("posting", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    CheckConstraint("amount <> 0"),
    comment="Double entry: the lines of one posting (a charge or a sale) add up to nothing.",
)
Index("ledger_by_account", ledger.c.account)

asset_totals = Table(
    "license_asset_total",
    metadata,
    Column("asset_id", BigInteger, primary_key=True),
    Column("gross", BigInteger, nullable=False, default=0),
    Column("charged", BigInteger, nullable=False, default=0),
    Column("uses", BigInteger, nullable=False, default=0),
    CheckConstraint("gross >= 0 AND charged >= 0 AND uses >= 0"),
    comment="What an asset earned before the fee, sales and charges together, settled or not.",
)

settlements = Table(
    "license_settlement",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("usage_root", Text, nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("moved", BigInteger),
    Column("items", Integer, nullable=False),
    Column("batch", Text, nullable=False),
    Column("transaction_id", Text, ForeignKey("chain_transaction.id")),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('frozen', 'stored', 'mined', 'final')"),
    comment="Batches of charges on their way to the chain.",
)
