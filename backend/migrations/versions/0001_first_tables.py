"""first tables"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('server_secrets',
    sa.Column('name', sa.String(length=32), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('users',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('address', sa.String(length=42), nullable=False),
    sa.Column('wallet', sa.String(length=8), nullable=False),
    sa.Column('is_operator', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('address'),
    sa.UniqueConstraint('email')
    )
    op.create_table('wallet_challenges',
    sa.Column('nonce', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=42), nullable=False),
    sa.Column('expires_at', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('nonce')
    )
    op.create_table('agents',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('owner_id', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('description', sa.String(length=2000), nullable=False),
    sa.Column('slug', sa.String(length=64), nullable=True),
    sa.Column('draft', sa.LargeBinary(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.String(length=32), nullable=False),
    sa.Column('updated_at', sa.String(length=32), nullable=False),
    sa.Column('deleted_at', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('slug')
    )
    with op.batch_alter_table('agents', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agents_owner_id'), ['owner_id'], unique=False)

    op.create_table('api_keys',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('hint', sa.String(length=16), nullable=False),
    sa.Column('secret_digest', sa.String(length=64), nullable=False),
    sa.Column('slugs', sa.JSON(), nullable=True),
    sa.Column('created_at', sa.String(length=32), nullable=False),
    sa.Column('last_used_at', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('secret_digest')
    )
    with op.batch_alter_table('api_keys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_api_keys_user_id'), ['user_id'], unique=False)

    op.create_table('claim_links',
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_digest')
    )
    op.create_table('idempotent_requests',
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.Column('request_key', sa.String(length=200), nullable=False),
    sa.Column('body_digest', sa.String(length=64), nullable=False),
    sa.Column('run_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'request_key')
    )
    op.create_table('sessions',
    sa.Column('token_digest', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.Column('created_at', sa.String(length=32), nullable=False),
    sa.Column('expires_at', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_digest')
    )
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sessions_user_id'), ['user_id'], unique=False)

    op.create_table('agent_versions',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('graph', sa.LargeBinary(), nullable=False),
    sa.Column('graph_digest', sa.String(length=64), nullable=False),
    sa.Column('notes', sa.String(length=2000), nullable=False),
    sa.Column('asset_id', sa.String(length=80), nullable=True),
    sa.Column('published_at', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('agent_id', 'number')
    )
    with op.batch_alter_table('agent_versions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agent_versions_agent_id'), ['agent_id'], unique=False)

    op.create_table('chats',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('version_id', sa.String(length=32), nullable=False),
    sa.Column('title', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.String(length=32), nullable=False),
    sa.Column('updated_at', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], ),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['version_id'], ['agent_versions.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('chats', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_chats_user_id'), ['user_id'], unique=False)

    op.create_table('runs',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('version_id', sa.String(length=32), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('started_at', sa.String(length=32), nullable=False),
    sa.Column('finished_at', sa.String(length=32), nullable=True),
    sa.Column('record', sa.LargeBinary(), nullable=False),
    sa.Column('charge', sa.Integer(), nullable=False),
    sa.Column('proof_id', sa.String(length=80), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], ),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['version_id'], ['agent_versions.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('runs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_runs_agent_id'), ['agent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_runs_proof_id'), ['proof_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_runs_user_id'), ['user_id'], unique=False)

    op.create_table('messages',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('chat_id', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=10), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('run_id', sa.String(length=32), nullable=True),
    sa.Column('created_at', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['chat_id'], ['chats.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_messages_chat_id'), ['chat_id'], unique=False)

    op.create_table('vault_root_check',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    comment='One row: a known value sealed under the root key, so that another key is refused at the start.'
    )
    op.create_table('vault_tenant_keys',
    sa.Column('tenant_id', sa.String(), nullable=False),
    sa.Column('sealed_key', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('tenant_id')
    )
    op.create_table('vault_vaults',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('tenant_id', sa.String(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False, comment='microseconds since 1970, UTC'),
    sa.Column('key_version', sa.Integer(), nullable=False),
    sa.Column('sealed_key', sa.LargeBinary(), nullable=False, comment='by the root key'),
    sa.Column('search_version', sa.Integer(), nullable=False),
    sa.Column('sealed_search_secret', sa.LargeBinary(), nullable=False, comment='by the root key'),
    sa.Column('sealed_labels', sa.LargeBinary(), nullable=False, comment='name and description, by the vault key'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('vault_vaults', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_vault_vaults_tenant_id'), ['tenant_id'], unique=False)

    op.create_table('vault_documents',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('tenant_id', sa.String(), nullable=False),
    sa.Column('vault_id', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('stage', sa.String(), nullable=False),
    sa.Column('progress', sa.Float(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('media_type', sa.String(), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('content_mac', sa.LargeBinary(), nullable=False, comment='keyed digest: finds duplicates, tells nothing'),
    sa.Column('page_count', sa.Integer(), nullable=True),
    sa.Column('chunk_count', sa.Integer(), nullable=False),
    sa.Column('original', sa.String(), nullable=False, comment='file name of the sealed original'),
    sa.Column('created_at', sa.BigInteger(), nullable=False, comment='microseconds since 1970, UTC'),
    sa.Column('sealed_name', sa.LargeBinary(), nullable=False, comment='by the data key'),
    sa.Column('sealed_problem', sa.LargeBinary(), nullable=True, comment='title and detail, by the data key'),
    sa.ForeignKeyConstraint(['vault_id'], ['vault_vaults.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('vault_id', 'content_mac')
    )
    with op.batch_alter_table('vault_documents', schema=None) as batch_op:
        batch_op.create_index('ix_vault_documents_vault', ['vault_id', 'stage'], unique=False)

    op.create_table('vault_search_terms',
    sa.Column('vault_id', sa.String(), nullable=False),
    sa.Column('term', sa.BigInteger(), nullable=False, comment='keyed: without the search secret it names no word'),
    sa.Column('chunk_count', sa.Integer(), nullable=False, comment='active chunks that have it'),
    sa.ForeignKeyConstraint(['vault_id'], ['vault_vaults.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('vault_id', 'term')
    )
    op.create_table('vault_search_totals',
    sa.Column('vault_id', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False, comment='of stemming; words are compared within one'),
    sa.Column('chunk_count', sa.Integer(), nullable=False),
    sa.Column('word_count', sa.BigInteger(), nullable=False, comment='of all active chunks, for the mean length'),
    sa.ForeignKeyConstraint(['vault_id'], ['vault_vaults.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('vault_id', 'language')
    )
    op.create_table('vault_chunks',
    sa.Column('id', sa.String(), nullable=False, comment='the passage id; also the point id in the index'),
    sa.Column('document_id', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False, comment='text, place, exact vector and terms, by the data key'),
    sa.ForeignKeyConstraint(['document_id'], ['vault_documents.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('document_id', 'version', 'number')
    )
    op.create_table('vault_document_keys',
    sa.Column('document_id', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('key_version', sa.Integer(), nullable=False, comment='of the vault key that seals it'),
    sa.Column('sealed_key', sa.LargeBinary(), nullable=False, comment='by the vault key; deleting it shreds the document'),
    sa.ForeignKeyConstraint(['document_id'], ['vault_documents.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('document_id', 'version')
    )
    op.create_table('vault_document_texts',
    sa.Column('document_id', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False, comment='text, pages and headings, by the data key'),
    sa.ForeignKeyConstraint(['document_id'], ['vault_documents.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('document_id', 'version')
    )
    op.create_table('chain_block',
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('timestamp', sa.BigInteger(), nullable=False),
    sa.Column('final', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('number'),
    comment='Blocks of the chain that we follow now: no orphans, and of the final ones only the newest.'
    )
    op.create_table('chain_fact',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name'),
    comment='What must stay the same for the records to make sense: chain, genesis, contracts.'
    )
    op.create_table('chain_log',
    sa.Column('block_number', sa.BigInteger(), nullable=False),
    sa.Column('log_index', sa.Integer(), nullable=False),
    sa.Column('contract', sa.Text(), nullable=False),
    sa.Column('event', sa.Text(), nullable=False),
    sa.Column('arguments', sa.Text(), nullable=False),
    sa.Column('transaction_hash', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('block_number', 'log_index'),
    comment='Every event of our contracts, decoded to JSON; the state in memory is folded from these.'
    )
    op.create_table('chain_signing_key',
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('address'),
    comment='Sealed keys: operator, relayer and admin (one each), wallets, and session keys of licenses.'
    )
    with op.batch_alter_table('chain_signing_key', schema=None) as batch_op:
        batch_op.create_index('one_server_key_each', ['purpose'], unique=True, sqlite_where=sa.text("purpose IN ('operator', 'relayer', 'admin')"), postgresql_where=sa.text("purpose IN ('operator', 'relayer', 'admin')"))

    op.create_table('chain_transaction',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('sender', sa.Text(), nullable=False),
    sa.Column('nonce', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.Column('raw', sa.LargeBinary(), nullable=False),
    sa.Column('doing', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('block_number', sa.BigInteger(), nullable=True),
    sa.Column('block_hash', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state IN ('stored', 'sent', 'mined', 'reverted', 'final', 'dropped')"),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('hash'),
    comment='Signed before it is sent; what is sent again is the same bytes.'
    )
    with op.batch_alter_table('chain_transaction', schema=None) as batch_op:
        batch_op.create_index('one_transaction_per_nonce', ['sender', 'nonce'], unique=True, sqlite_where=sa.text("state <> 'dropped'"), postgresql_where=sa.text("state <> 'dropped'"))

    op.create_table('license_asset_total',
    sa.Column('asset_id', sa.BigInteger(), nullable=False),
    sa.Column('gross', sa.BigInteger(), nullable=False),
    sa.Column('charged', sa.BigInteger(), nullable=False),
    sa.Column('uses', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('gross >= 0 AND charged >= 0 AND uses >= 0'),
    sa.PrimaryKeyConstraint('asset_id'),
    comment='What an asset earned before the fee, sales and charges together, settled or not.'
    )
    op.create_table('license_channel',
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('license_id', sa.BigInteger(), nullable=True),
    sa.Column('epoch', sa.BigInteger(), nullable=True),
    sa.Column('charged', sa.BigInteger(), nullable=False),
    sa.Column('reserved', sa.BigInteger(), nullable=False),
    sa.Column('grace_charged', sa.BigInteger(), nullable=False),
    sa.Column('grace_since', sa.BigInteger(), nullable=True),
    sa.Column('best_ceiling', sa.BigInteger(), nullable=False),
    sa.Column('best_signature', sa.Text(), nullable=True),
    sa.Column('signer', sa.Text(), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('head', sa.Text(), nullable=False),
    sa.CheckConstraint('charged >= 0 AND reserved >= 0 AND best_ceiling >= 0'),
    sa.PrimaryKeyConstraint('channel'),
    comment='One chain of uses: a license in one epoch, or an author with their own asset.'
    )
    op.create_table('license_ledger',
    sa.Column('posting', sa.Text(), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('amount <> 0'),
    sa.PrimaryKeyConstraint('posting', 'account'),
    comment='Double entry: the lines of one posting (a charge or a sale) add up to nothing.'
    )
    with op.batch_alter_table('license_ledger', schema=None) as batch_op:
        batch_op.create_index('ledger_by_account', ['account'], unique=False)

    op.create_table('license_invocation',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('idempotency_key', sa.Text(), nullable=False),
    sa.Column('request_digest', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('asset_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('max_charge', sa.BigInteger(), nullable=False),
    sa.Column('charge', sa.BigInteger(), nullable=False),
    sa.Column('freshness', sa.Text(), nullable=False),
    sa.Column('block_number', sa.BigInteger(), nullable=False),
    sa.Column('block_hash', sa.Text(), nullable=False),
    sa.Column('block_timestamp', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.Column('charged_at', sa.BigInteger(), nullable=True),
    sa.Column('sequence', sa.BigInteger(), nullable=True),
    sa.Column('proof_id', sa.Text(), nullable=True),
    sa.Column('leaf', sa.Text(), nullable=True),
    sa.Column('proof', sa.Text(), nullable=True),
    sa.Column('settlement_id', sa.Text(), nullable=True),
    sa.CheckConstraint("state IN ('reserved', 'charged', 'released')"),
    sa.CheckConstraint('0 <= charge AND charge <= max_charge'),
    sa.ForeignKeyConstraint(['channel'], ['license_channel.channel'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('holder', 'idempotency_key'),
    sa.UniqueConstraint('proof_id'),
    comment='One use, from reservation to proof.'
    )
    with op.batch_alter_table('license_invocation', schema=None) as batch_op:
        batch_op.create_index('invocations_by_settlement', ['settlement_id'], unique=False)
        batch_op.create_index('invocations_open', ['channel', 'state'], unique=False)
        batch_op.create_index('invocations_waiting', ['state', 'settlement_id'], unique=False)

    op.create_table('license_settlement',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('usage_root', sa.Text(), nullable=False),
    sa.Column('asked', sa.BigInteger(), nullable=False),
    sa.Column('moved', sa.BigInteger(), nullable=True),
    sa.Column('items', sa.Integer(), nullable=False),
    sa.Column('batch', sa.Text(), nullable=False),
    sa.Column('transaction_id', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state IN ('frozen', 'stored', 'mined', 'final')"),
    sa.ForeignKeyConstraint(['transaction_id'], ['chain_transaction.id'], ),
    sa.PrimaryKeyConstraint('id'),
    comment='Batches of charges on their way to the chain.'
    )



def downgrade() -> None:

    op.drop_table('license_settlement')
    with op.batch_alter_table('license_invocation', schema=None) as batch_op:
        batch_op.drop_index('invocations_waiting')
        batch_op.drop_index('invocations_open')
        batch_op.drop_index('invocations_by_settlement')

    op.drop_table('license_invocation')
    with op.batch_alter_table('license_ledger', schema=None) as batch_op:
        batch_op.drop_index('ledger_by_account')

    op.drop_table('license_ledger')
    op.drop_table('license_channel')
    op.drop_table('license_asset_total')
    with op.batch_alter_table('chain_transaction', schema=None) as batch_op:
        batch_op.drop_index('one_transaction_per_nonce', sqlite_where=sa.text("state <> 'dropped'"), postgresql_where=sa.text("state <> 'dropped'"))

    op.drop_table('chain_transaction')
    with op.batch_alter_table('chain_signing_key', schema=None) as batch_op:
        batch_op.drop_index('one_server_key_each', sqlite_where=sa.text("purpose IN ('operator', 'relayer', 'admin')"), postgresql_where=sa.text("purpose IN ('operator', 'relayer', 'admin')"))

    op.drop_table('chain_signing_key')
    op.drop_table('chain_log')
    op.drop_table('chain_fact')
    op.drop_table('chain_block')
    op.drop_table('vault_document_texts')
    op.drop_table('vault_document_keys')
    op.drop_table('vault_chunks')
    op.drop_table('vault_search_totals')
    op.drop_table('vault_search_terms')
    with op.batch_alter_table('vault_documents', schema=None) as batch_op:
        batch_op.drop_index('ix_vault_documents_vault')

    op.drop_table('vault_documents')
    with op.batch_alter_table('vault_vaults', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_vault_vaults_tenant_id'))

    op.drop_table('vault_vaults')
    op.drop_table('vault_tenant_keys')
    op.drop_table('vault_root_check')
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_messages_chat_id'))

    op.drop_table('messages')
    with op.batch_alter_table('runs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_runs_user_id'))
        batch_op.drop_index(batch_op.f('ix_runs_proof_id'))
        batch_op.drop_index(batch_op.f('ix_runs_agent_id'))

    op.drop_table('runs')
    with op.batch_alter_table('chats', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_chats_user_id'))

    op.drop_table('chats')
    with op.batch_alter_table('agent_versions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agent_versions_agent_id'))

    op.drop_table('agent_versions')
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sessions_user_id'))

    op.drop_table('sessions')
    op.drop_table('idempotent_requests')
    op.drop_table('claim_links')
    with op.batch_alter_table('api_keys', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_api_keys_user_id'))

    op.drop_table('api_keys')
    with op.batch_alter_table('agents', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agents_owner_id'))

    op.drop_table('agents')
    op.drop_table('wallet_challenges')
    op.drop_table('users')
    op.drop_table('server_secrets')

