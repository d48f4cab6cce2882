"""The audit trail: a chain of rows, and how far it goes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from breakwater.store.tables.columns import Name, UtcTime, metadata

audit = Table(
    "audit",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor_id", Name, nullable=False),
    Column("action", Name, nullable=False),
    Column("about_kind", Name, nullable=False),
    Column("about_id", Name, nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("previous_hash", Name, nullable=False),
    Column("hash", Name, nullable=False),
)

# One row: how far the chain goes. Appending locks it, and a chain cut off at its end no longer fits it.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Name, nullable=False),
)
