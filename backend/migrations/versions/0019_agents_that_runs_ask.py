"""agents that runs ask"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agent_calls',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('run_id', sa.String(length=32), nullable=False),
    sa.Column('caller_id', sa.String(length=32), nullable=False, comment='the agent that asks'),
    sa.Column('slug', sa.String(length=80), nullable=False),
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('version_id', sa.String(length=32), nullable=False),
    sa.Column('holder_id', sa.String(length=32), nullable=False),
    sa.Column('reservation_id', sa.String(length=80), nullable=True),
    sa.Column('price', sa.Integer(), nullable=False),
    sa.Column('step', sa.String(length=64), nullable=True, comment='a digest of the step that took it'),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('proof_id', sa.String(length=80), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['holder_id'], ['users.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_id'], ['runs.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['version_id'], ['agent_versions.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('agent_calls', schema=None) as batch_op:
        batch_op.create_index('agent_calls_of_run', ['run_id', 'caller_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('agent_calls', schema=None) as batch_op:
        batch_op.drop_index('agent_calls_of_run')

    op.drop_table('agent_calls')
