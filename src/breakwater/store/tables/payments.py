"""Payments that somebody watches."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from breakwater.store.tables.columns import Name, UtcTime, metadata

# Who is told when a payment moves: `position` is where it was when they were told last, `told` how often that was.
payment_watch = Table(
    "payment_watch",
    metadata,
    Column("user_id", Name, primary_key=True),
    Column("payment_id", Name, primary_key=True),
    Column("channel", Name, nullable=False),
    Column("position", Name, nullable=False),
    Column("processing", Name, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("moved_at", UtcTime, nullable=False),
    Column("told", Integer, nullable=False),
)
