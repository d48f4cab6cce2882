"""Incidents and their timelines."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, UniqueConstraint, text

from breakwater.store.tables.columns import Counter, Name, UtcTime, metadata

incident = Table(
    "incident",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Name, nullable=False, unique=True),
    Column("partner", Name, nullable=False),
    Column("title", Text, nullable=False),
    Column("title_key", Name, nullable=False),
    Column("severity", Name, nullable=False),
    Column("summary", Text, nullable=False),
    Column("partner_text", Text, nullable=False),
    Column("opened_by", Name, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("status", Name, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("resolved_at", UtcTime),
    Column("resolved_by", Name),
    Column("resolution", Text),
    Column("partner_resolution", Text),
    Index(
        "ux_incident_open",
        "partner",
        "title_key",
        unique=True,
        sqlite_where=text("status <> 'resolved'"),
        postgresql_where=text("status <> 'resolved'"),
    ),
)

timeline_entry = Table(
    "timeline_entry",
    metadata,
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("incident_id", Name, ForeignKey("incident.id"), nullable=False),
    Column("key", Name, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("side", Name, nullable=False),
    Column("text", Text, nullable=False),
    Column("author_id", Name),
    UniqueConstraint("incident_id", "key"),
)
