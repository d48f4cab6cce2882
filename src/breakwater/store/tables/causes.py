"""Causes: one explanation of many breaks, and which breaks are under it."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, Table

from breakwater.store.tables.columns import Name, UtcTime, metadata

# One explanation of many breaks, and which breaks are under it: each under one at most.
cause = Table(
    "cause",
    metadata,
    Column("id", Name, primary_key=True),
    Column("partner", Name, nullable=False),
    Column("agreement", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("scope", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("value_minor", JSON, nullable=False),
    Column("confidence", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Column("run_id", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("owner_id", Name),
    Column("acknowledged_by", Name),
    Column("acknowledged_at", UtcTime),
    Column("over_at", UtcTime),
    Column("incident_id", Name),
    Index(None, "partner", "state", "rank"),
)

cause_break = Table(
    "cause_break",
    metadata,
    Column("break_id", Name, ForeignKey("breaks.id"), primary_key=True),
    Column("cause_id", Name, ForeignKey("cause.id"), nullable=False, index=True),
)
