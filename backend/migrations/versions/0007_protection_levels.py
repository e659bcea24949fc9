"""protection levels"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vault_segments',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('vault_id', sa.String(), nullable=False),
    sa.Column('search_version', sa.Integer(), nullable=False, comment='of the search secret that seals its key'),
    sa.Column('chunk_count', sa.Integer(), nullable=False),
    sa.Column('sealed_key', sa.LargeBinary(), nullable=False, comment='deleting it shreds the segment'),
    sa.Column('sealed', sa.LargeBinary(), nullable=False, comment='vectors and words of many chunks, by its own key'),
    sa.ForeignKeyConstraint(['vault_id'], ['vault_vaults.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    comment='Of sealed vaults: what is opened into memory to be searched. Made from the chunks, at any time again.'
    )
    with op.batch_alter_table('vault_segments', schema=None) as batch_op:
        batch_op.create_index('ix_vault_segments_vault', ['vault_id', 'search_version'], unique=False)

    op.create_table('vault_segment_documents',
    sa.Column('segment_id', sa.String(), nullable=False),
    sa.Column('document_id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['segment_id'], ['vault_segments.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('segment_id', 'document_id'),
    comment='Which segments have to go with a document.'
    )
    with op.batch_alter_table('vault_segment_documents', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_vault_segment_documents_document_id'), ['document_id'], unique=False)

    # Not as a batch: that may write the table anew, and dropping the old one deletes what refers to it.
    op.add_column('vault_vaults', sa.Column('protection', sa.String(), server_default='standard', nullable=False, comment='what lies at rest to search: see values.Protection'))
    op.add_column('vault_vaults', sa.Column('next_protection', sa.String(), nullable=True, comment='while the index is built anew: what it will be then'))
    op.add_column('vault_vaults', sa.Column('revision', sa.Integer(), server_default='0', nullable=False, comment='one more whenever other chunks are active'))


def downgrade() -> None:
    op.drop_column('vault_vaults', 'revision')
    op.drop_column('vault_vaults', 'next_protection')
    op.drop_column('vault_vaults', 'protection')

    with op.batch_alter_table('vault_segment_documents', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_vault_segment_documents_document_id'))

    op.drop_table('vault_segment_documents')
    with op.batch_alter_table('vault_segments', schema=None) as batch_op:
        batch_op.drop_index('ix_vault_segments_vault')

    op.drop_table('vault_segments')
