"""Alembic runs this for every migration: on the connection, and inside the transaction, of `Database.migrate`."""

from __future__ import annotations

from alembic import context

from breakwater.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
