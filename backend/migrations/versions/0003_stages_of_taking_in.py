"""finer stages of taking documents in, and how many chunks are done"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('vault_documents', schema=None) as batch_op:
        batch_op.add_column(sa.Column('chunks_done', sa.Integer(), server_default='0', nullable=False, comment='chunks embedded so far'))
    op.execute("UPDATE vault_documents SET chunks_done = chunk_count")
    op.execute("UPDATE vault_documents SET stage = 'sealed' WHERE stage = 'received'")


def downgrade() -> None:
    op.execute("UPDATE vault_documents SET stage = 'received' WHERE stage = 'sealed'")
    op.execute("UPDATE vault_documents SET stage = 'parsed' WHERE stage = 'chunked'")
    op.execute("UPDATE vault_documents SET stage = 'embedded' WHERE stage = 'indexed'")
    op.execute("UPDATE vault_documents SET stage = 'failed' WHERE stage = 'cancelled'")
    with op.batch_alter_table('vault_documents', schema=None) as batch_op:
        batch_op.drop_column('chunks_done')
