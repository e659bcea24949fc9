"""tags of documents"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vault_document_tags',
    sa.Column('document_id', sa.String(), nullable=False),
    sa.Column('tag', sa.BigInteger(), nullable=False, comment='keyed: tells which documents share one, not which'),
    sa.ForeignKeyConstraint(['document_id'], ['vault_documents.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('document_id', 'tag')
    )
    # Not as a batch: that may write the table anew, and dropping the old one deletes what refers to it.
    for table in ('vault_document_replacements', 'vault_documents'):
        op.add_column(table, sa.Column('sealed_tags', sa.LargeBinary(), nullable=True, comment='by the data key; none: no tags'))


def downgrade() -> None:
    for table in ('vault_documents', 'vault_document_replacements'):
        op.drop_column(table, 'sealed_tags')
    op.drop_table('vault_document_tags')
