"""checkpoints of runs"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('run_checkpoint_writes',
    sa.Column('tenant_id', sa.String(length=80), nullable=False),
    sa.Column('thread_id', sa.String(length=80), nullable=False),
    sa.Column('namespace', sa.String(length=200), nullable=False),
    sa.Column('checkpoint_id', sa.String(length=80), nullable=False),
    sa.Column('task_id', sa.String(length=80), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False, comment="among what the task wrote; below 0 for the engine's own"),
    sa.Column('task_path', sa.String(length=400), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('tenant_id', 'thread_id', 'namespace', 'checkpoint_id', 'task_id', 'place')
    )
    op.create_table('run_checkpoints',
    sa.Column('tenant_id', sa.String(length=80), nullable=False),
    sa.Column('thread_id', sa.String(length=80), nullable=False),
    sa.Column('namespace', sa.String(length=200), nullable=False),
    sa.Column('checkpoint_id', sa.String(length=80), nullable=False),
    sa.Column('parent_id', sa.String(length=80), nullable=True, comment='the checkpoint of the same thread that it followed'),
    sa.Column('run_id', sa.String(length=80), nullable=False, comment='the run that wrote it; empty where none was named'),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('tenant_id', 'thread_id', 'namespace', 'checkpoint_id')
    )
    with op.batch_alter_table('run_checkpoints', schema=None) as batch_op:
        batch_op.create_index('run_checkpoints_of_run', ['tenant_id', 'run_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('run_checkpoints', schema=None) as batch_op:
        batch_op.drop_index('run_checkpoints_of_run')

    op.drop_table('run_checkpoints')
    op.drop_table('run_checkpoint_writes')