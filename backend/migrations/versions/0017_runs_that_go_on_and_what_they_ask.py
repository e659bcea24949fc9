"""runs that go on and what they ask"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('inquiries',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('run_id', sa.String(length=32), nullable=False),
    sa.Column('request_id', sa.String(length=300), nullable=False),
    sa.Column('user_id', sa.String(length=32), nullable=False),
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('reply', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.String(length=32), nullable=False),
    sa.Column('expires_at', sa.String(length=32), nullable=True),
    sa.Column('answered_at', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], ),
    sa.ForeignKeyConstraint(['run_id'], ['runs.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('run_id', 'request_id')
    )
    with op.batch_alter_table('inquiries', schema=None) as batch_op:
        batch_op.create_index('inquiries_that_run_out', ['state', 'expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_inquiries_user_id'), ['user_id'], unique=False)

    with op.batch_alter_table('runs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('invocation', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('reached', sa.String(length=80), server_default='', nullable=False))
        batch_op.add_column(sa.Column('resumptions', sa.Integer(), server_default='0', nullable=False))
        batch_op.create_index('runs_under_way', ['state'], unique=False, sqlite_where=sa.text("state IN ('running', 'waiting')"), postgresql_where=sa.text("state IN ('running', 'waiting')"))



def downgrade() -> None:
    with op.batch_alter_table('runs', schema=None) as batch_op:
        batch_op.drop_index('runs_under_way', sqlite_where=sa.text("state IN ('running', 'waiting')"), postgresql_where=sa.text("state IN ('running', 'waiting')"))
        batch_op.drop_column('resumptions')
        batch_op.drop_column('reached')
        batch_op.drop_column('invocation')

    with op.batch_alter_table('inquiries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inquiries_user_id'))
        batch_op.drop_index('inquiries_that_run_out')

    op.drop_table('inquiries')
