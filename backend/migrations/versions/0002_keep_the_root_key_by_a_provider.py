"""keep the root key by a provider"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vault_root_keeping',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False, comment='what keeps the root key: see keys/provider.py'),
    sa.Column('note', sa.LargeBinary(), nullable=False, comment='what the provider needs; no key in clear'),
    sa.Column('version', sa.Integer(), nullable=False, comment='how many root keys there have been'),
    sa.Column('changed_at', sa.BigInteger(), nullable=False, comment='microseconds since 1970, UTC'),
    sa.Column('recovery_recipient', sa.LargeBinary(), nullable=True, comment="the recovery key's public half, by the root key"),
    sa.Column('recovery_sealed', sa.LargeBinary(), nullable=True, comment='the root key, sealed to the recovery key'),
    sa.Column('recovery_shown', sa.Boolean(), nullable=False, comment='somebody has seen the recovery key'),
    sa.PrimaryKeyConstraint('id'),
    comment='At most one row; none in data from before providers, whose key is in a file.'
    )


def downgrade() -> None:
    op.drop_table('vault_root_keeping')
