"""drafts put aside"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agent_kept_drafts',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('reason', sa.String(length=12), nullable=False),
    sa.Column('version', sa.Integer(), nullable=True),
    sa.Column('graph', sa.LargeBinary(), nullable=False),
    sa.Column('kept_at', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('agent_kept_drafts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agent_kept_drafts_agent_id'), ['agent_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('agent_kept_drafts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agent_kept_drafts_agent_id'))

    op.drop_table('agent_kept_drafts')
