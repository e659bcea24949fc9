"""tests of agents"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agent_test_gates',
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('agent_id')
    )
    op.create_table('agent_tests',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('agent_tests', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agent_tests_agent_id'), ['agent_id'], unique=False)

    op.create_table('agent_test_results',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('test_id', sa.String(length=32), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('behaviour', sa.String(length=64), nullable=False, comment='digest of what the graph that was asked does'),
    sa.Column('passed', sa.Boolean(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['test_id'], ['agent_tests.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('agent_test_results', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agent_test_results_test_id'), ['test_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('agent_test_results', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agent_test_results_test_id'))

    op.drop_table('agent_test_results')
    with op.batch_alter_table('agent_tests', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agent_tests_agent_id'))

    op.drop_table('agent_tests')
    op.drop_table('agent_test_gates')
