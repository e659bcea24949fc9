"""when web pages are fetched again"""

import time

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

DAY = 86_400_000_000


def upgrade() -> None:
    sources = op.create_table('vault_web_sources',
    sa.Column('document_id', sa.String(), nullable=False),
    sa.Column('period', sa.String(), nullable=False, comment='see values.Period'),
    sa.Column('next_at', sa.BigInteger(), nullable=True, comment='microseconds since 1970, UTC; none: not by itself'),
    sa.Column('fetched_at', sa.BigInteger(), nullable=True, comment='when it was last asked for'),
    sa.Column('changed_at', sa.BigInteger(), nullable=True, comment='when it was last found changed'),
    sa.Column('failures', sa.Integer(), server_default='0', nullable=False, comment='in a row'),
    sa.Column('sealed_problem', sa.LargeBinary(), nullable=True, comment='of the last time, by the data key of the version below'),
    sa.Column('problem_version', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['document_id'], ['vault_documents.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('document_id'),
    comment='When documents that came from the web are fetched again.'
    )
    op.create_index('ix_vault_web_sources_next_at', 'vault_web_sources', ['next_at'], unique=False)
    # Pages that are there already are followed like new ones: daily, the first time spread over the coming day.
    found = op.get_bind().execute(sa.text('SELECT DISTINCT document_id FROM vault_document_origins ORDER BY document_id'))
    documents = [row.document_id for row in found]
    now = time.time_ns() // 1000
    if documents:
        op.bulk_insert(sources, [
            {'document_id': document, 'period': 'daily', 'next_at': now + DAY * (number + 1) // len(documents), 'failures': 0}
            for number, document in enumerate(documents)
        ])


def downgrade() -> None:
    op.drop_index('ix_vault_web_sources_next_at', table_name='vault_web_sources')
    op.drop_table('vault_web_sources')
