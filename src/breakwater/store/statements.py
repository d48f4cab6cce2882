"""Statements that read the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(tx: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there already: True if it was inserted. Waits for a rival's transaction, then decides."""
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(values).on_conflict_do_nothing()
    return tx.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1
