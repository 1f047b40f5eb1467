"""Run by Alembic: applies the versions to the connection that `database.py` hands over."""

from alembic import context

from coinmon.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
