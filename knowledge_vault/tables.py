"""The vault's tables. What a person wrote (names, text, reasons of failure) is in `sealed…` only."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

root_check = Table(
    "vault_root_check",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    comment="One row: a known value sealed under the root key, so that another key is refused at the start.",
)

root_keeping = Table(
    "vault_root_keeping",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("provider", String, nullable=False, comment="what keeps the root key: see keys/provider.py"),
    Column("note", LargeBinary, nullable=False, comment="what the provider needs; no key in clear"),
    Column("version", Integer, nullable=False, comment="how many root keys there have been"),
    Column("changed_at", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    Column("recovery_recipient", LargeBinary, comment="the recovery key's public half, by the root key"),
    Column("recovery_sealed", LargeBinary, comment="the root key, sealed to the recovery key"),
    Column("recovery_shown", Boolean, nullable=False, comment="somebody has seen the recovery key"),
    comment="At most one row; none in data from before providers, whose key is in a file.",
)

tenant_keys = Table(
    "vault_tenant_keys",
    metadata,
    Column("tenant_id", String, primary_key=True),
    Column("sealed_key", LargeBinary, nullable=False),
)

vaults = Table(
    "vault_vaults",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant_id", String, nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    Column("key_version", Integer, nullable=False),
    Column(
        "sealed_key", LargeBinary, nullable=False, comment="by the root key; empty where the owner holds it"
    ),
    Column("search_version", Integer, nullable=False),
    Column("sealed_search_secret", LargeBinary, nullable=False, comment="by the root key or the vault key"),
    Column("sealed_labels", LargeBinary, nullable=False, comment="name and description, by the vault key"),
    Column(
        "mode", String, nullable=False, server_default="always", comment="who holds the vault key: OwnerMode"
    ),
    Column(
        "secrets_by_vault_key",
        Boolean,
        nullable=False,
        server_default="0",
        comment="the search secrets and the word secret are sealed by the vault key, not by the root key",
    ),
    Column(
        "sealed_word_secret",
        LargeBinary,
        comment="names words in sealed chunks; none: the search secret",
    ),
    Column("previous_key_version", Integer, comment="while data keys are sealed anew: the key before"),
    Column("sealed_previous_key", LargeBinary, comment="by the vault key"),
    Column("next_search_version", Integer, comment="while the index is built anew"),
    Column("sealed_next_search_secret", LargeBinary, comment="as sealed_search_secret"),
    Column(
        *("protection", String),
        nullable=False,
        server_default="standard",
        comment="what lies at rest to search: see values.Protection",
    ),
    Column("next_protection", String, comment="while the index is built anew: what it will be then"),
    Column(
        *("revision", Integer),
        nullable=False,
        server_default="0",
        comment="one more whenever other chunks are active",
    ),
)

vault_wraps = Table(
    "vault_wraps",
    metadata,
    Column("vault_id", String, ForeignKey("vault_vaults.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String, primary_key=True, comment="passphrase or code"),
    Column("parameters", String, nullable=False, comment="of Argon2id, as JSON; empty for a code"),
    Column("sealed_recipient", LargeBinary, nullable=False, comment="the public half, by the vault key"),
    Column("sealed", LargeBinary, nullable=False, comment="the vault key, sealed to the recipient"),
    comment="Ways in which an owner opens a vault whose key the server does not hold.",
)

vault_grants = Table(
    "vault_grants",
    metadata,
    Column("vault_id", String, ForeignKey("vault_vaults.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "expires_at", BigInteger, nullable=False, comment="microseconds since 1970, UTC; part of the context"
    ),
    Column("sealed", LargeBinary, nullable=False, comment="the vault key, by the root key"),
    comment="What lets the server open an owner's vault by itself until a date.",
)


def _of_a_version() -> list[Column[Any]]:
    """What is known of one version of a document."""
    return [
        Column("version", Integer, nullable=False),
        Column("stage", String, nullable=False),
        Column("progress", Float, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("media_type", String, nullable=False),
        Column("size_bytes", BigInteger, nullable=False),
        Column(
            "content_mac",
            LargeBinary,
            nullable=False,
            comment="keyed digest: finds duplicates, tells nothing",
        ),
        Column("page_count", Integer),
        Column("chunk_count", Integer, nullable=False),
        Column("chunks_done", Integer, nullable=False, server_default="0", comment="chunks embedded so far"),
        Column(
            *("pages_done", Integer),
            nullable=False,
            server_default="0",
            comment="the first pages, whose chunks are all embedded",
        ),
        Column("original", String, nullable=False, comment="file name of the sealed original"),
        Column("created_at", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
        Column("sealed_name", LargeBinary, nullable=False, comment="by the data key"),
        Column("sealed_problem", LargeBinary, comment="title and detail, by the data key"),
        Column("sealed_tags", LargeBinary, comment="by the data key; none: no tags"),
    ]


documents = Table(
    "vault_documents",
    metadata,
    Column("id", String, primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("vault_id", String, ForeignKey("vault_vaults.id", ondelete="CASCADE"), nullable=False),
    *_of_a_version(),
    UniqueConstraint("vault_id", "content_mac"),
    Index("ix_vault_documents_vault", "vault_id", "stage"),
)

replacements = Table(
    "vault_document_replacements",
    metadata,
    Column("id", String, ForeignKey("vault_documents.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant_id", String, nullable=False),
    Column("vault_id", String, nullable=False, index=True),
    *_of_a_version(),
    comment="The version that takes a document's place once all of it can be found.",
)

document_tags = Table(
    "vault_document_tags",
    metadata,
    Column("document_id", String, ForeignKey("vault_documents.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", BigInteger, primary_key=True, comment="keyed: tells which documents share one, not which"),
)

document_keys = Table(
    "vault_document_keys",
    metadata,
    Column("document_id", String, ForeignKey("vault_documents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("key_version", Integer, nullable=False, comment="of the vault key that seals it"),
    Column(
        "sealed_key", LargeBinary, nullable=False, comment="by the vault key; deleting it shreds the document"
    ),
)

document_origins = Table(
    "vault_document_origins",
    metadata,
    Column("document_id", String, ForeignKey("vault_documents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="web address and version there, by the data key"),
    comment="Where documents that came from the web came from.",
)

web_sources = Table(
    "vault_web_sources",
    metadata,
    Column("document_id", String, ForeignKey("vault_documents.id", ondelete="CASCADE"), primary_key=True),
    Column("period", String, nullable=False, comment="see values.Period"),
    Column("next_at", BigInteger, index=True, comment="microseconds since 1970, UTC; none: not by itself"),
    Column("fetched_at", BigInteger, comment="when it was last asked for"),
    Column("changed_at", BigInteger, comment="when it was last found changed"),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    Column("sealed_problem", LargeBinary, comment="of the last time, by the data key of the version below"),
    Column("problem_version", Integer),
    comment="When documents that came from the web are fetched again.",
)

document_texts = Table(
    "vault_document_texts",
    metadata,
    Column("document_id", String, ForeignKey("vault_documents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="text, pages and headings, by the data key"),
)

chunks = Table(
    "vault_chunks",
    metadata,
    Column("id", String, primary_key=True, comment="the passage id; also the point id in the index"),
    Column("document_id", String, ForeignKey("vault_documents.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column(
        "sealed", LargeBinary, nullable=False, comment="text, place, exact vector and terms, by the data key"
    ),
    UniqueConstraint("document_id", "version", "number"),
)

search_terms = Table(
    "vault_search_terms",
    metadata,
    Column("vault_id", String, ForeignKey("vault_vaults.id", ondelete="CASCADE"), primary_key=True),
    Column("term", BigInteger, primary_key=True, comment="keyed: without the search secret it names no word"),
    Column("chunk_count", Integer, nullable=False, comment="active chunks that have it"),
)

search_totals = Table(
    "vault_search_totals",
    metadata,
    Column("vault_id", String, ForeignKey("vault_vaults.id", ondelete="CASCADE"), primary_key=True),
    Column("language", String, primary_key=True, comment="of stemming; words are compared within one"),
    Column("chunk_count", Integer, nullable=False),
    Column("word_count", BigInteger, nullable=False, comment="of all active chunks, for the mean length"),
)

segments = Table(
    "vault_segments",
    metadata,
    Column("id", String, primary_key=True),
    Column("vault_id", String, ForeignKey("vault_vaults.id", ondelete="CASCADE"), nullable=False),
    Column("search_version", Integer, nullable=False, comment="of the search secret that seals its key"),
    Column("chunk_count", Integer, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False, comment="deleting it shreds the segment"),
    Column("sealed", LargeBinary, nullable=False, comment="vectors and words of many chunks, by its own key"),
    Index("ix_vault_segments_vault", "vault_id", "search_version"),
    comment="Of sealed vaults: what is opened into memory to be searched. Made from the chunks, at any time again.",
)

segment_documents = Table(
    "vault_segment_documents",
    metadata,
    Column("segment_id", String, ForeignKey("vault_segments.id", ondelete="CASCADE"), primary_key=True),
    Column("document_id", String, primary_key=True, index=True),
    comment="Which segments have to go with a document.",
)
