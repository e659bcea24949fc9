"""where documents came from"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vault_document_origins',
    sa.Column('document_id', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False, comment='web address and version there, by the data key'),
    sa.ForeignKeyConstraint(['document_id'], ['vault_documents.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('document_id', 'version'),
    comment='Where documents that came from the web came from.'
    )


def downgrade() -> None:
    op.drop_table('vault_document_origins')
