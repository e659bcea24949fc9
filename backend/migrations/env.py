"""Alembic's entry: migrates on the connection that `backend.schema` hands over."""

from alembic import context

from backend.schema import METADATAS

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATAS,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
