"""pages that are embedded"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not as a batch: that may write the table anew, and dropping the old one deletes what refers to it.
    for table in ('vault_documents', 'vault_document_replacements'):
        op.add_column(table, sa.Column('pages_done', sa.Integer(), server_default='0', nullable=False, comment='the first pages, whose chunks are all embedded'))
        op.execute(f"UPDATE {table} SET pages_done = page_count WHERE page_count IS NOT NULL AND stage IN ('embedded', 'indexed', 'active')")


def downgrade() -> None:
    for table in ('vault_documents', 'vault_document_replacements'):
        op.drop_column(table, 'pages_done')
