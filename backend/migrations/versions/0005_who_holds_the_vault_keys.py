"""who holds the vault keys"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vault_grants',
    sa.Column('vault_id', sa.String(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False, comment='microseconds since 1970, UTC; part of the context'),
    sa.Column('sealed', sa.LargeBinary(), nullable=False, comment='the vault key, by the root key'),
    sa.ForeignKeyConstraint(['vault_id'], ['vault_vaults.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('vault_id'),
    comment="What lets the server open an owner's vault by itself until a date."
    )
    op.create_table('vault_wraps',
    sa.Column('vault_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False, comment='passphrase or code'),
    sa.Column('parameters', sa.String(), nullable=False, comment='of Argon2id, as JSON; empty for a code'),
    sa.Column('sealed_recipient', sa.LargeBinary(), nullable=False, comment='the public half, by the vault key'),
    sa.Column('sealed', sa.LargeBinary(), nullable=False, comment='the vault key, sealed to the recipient'),
    sa.ForeignKeyConstraint(['vault_id'], ['vault_vaults.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('vault_id', 'kind'),
    comment='Ways in which an owner opens a vault whose key the server does not hold.'
    )
    # Not as a batch: that may write the table anew, and dropping the old one deletes what refers to it.
    op.add_column('vault_vaults', sa.Column('mode', sa.String(), server_default='always', nullable=False, comment='who holds the vault key: OwnerMode'))
    op.add_column('vault_vaults', sa.Column('secrets_by_vault_key', sa.Boolean(), server_default='0', nullable=False, comment='the search secrets and the word secret are sealed by the vault key, not by the root key'))
    op.add_column('vault_vaults', sa.Column('sealed_word_secret', sa.LargeBinary(), nullable=True, comment='names words in sealed chunks; none: the search secret'))
    op.add_column('vault_vaults', sa.Column('previous_key_version', sa.Integer(), nullable=True, comment='while data keys are sealed anew: the key before'))
    op.add_column('vault_vaults', sa.Column('sealed_previous_key', sa.LargeBinary(), nullable=True, comment='by the vault key'))
    op.add_column('vault_vaults', sa.Column('next_search_version', sa.Integer(), nullable=True, comment='while the index is built anew'))
    op.add_column('vault_vaults', sa.Column('sealed_next_search_secret', sa.LargeBinary(), nullable=True, comment='as sealed_search_secret'))


def downgrade() -> None:
    op.drop_column('vault_vaults', 'sealed_next_search_secret')
    op.drop_column('vault_vaults', 'next_search_version')
    op.drop_column('vault_vaults', 'sealed_previous_key')
    op.drop_column('vault_vaults', 'previous_key_version')
    op.drop_column('vault_vaults', 'sealed_word_secret')
    op.drop_column('vault_vaults', 'secrets_by_vault_key')
    op.drop_column('vault_vaults', 'mode')

    op.drop_table('vault_wraps')
    op.drop_table('vault_grants')
