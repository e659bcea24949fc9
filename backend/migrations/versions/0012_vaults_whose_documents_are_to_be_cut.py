"""vaults whose documents are to be cut"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vaults_to_be_cut',
    sa.Column('vault_id', sa.String(length=32), nullable=False),
    sa.Column('tenant_id', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('vault_id')
    )


def downgrade() -> None:
    op.drop_table('vaults_to_be_cut')
