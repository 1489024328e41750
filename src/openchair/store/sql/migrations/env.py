"""Alembic's entry: the connection is given by `upgrade`, which also holds the transaction."""

from alembic import context

from openchair.store.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=False
)
context.run_migrations()
