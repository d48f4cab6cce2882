"""Findings, what people said of them, and the digests that tell them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Table, Text

from breakwater.store.tables.columns import Name, UtcTime, metadata

finding = Table(
    "finding",
    metadata,
    Column("id", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("partner", Name, nullable=False),
    Column("scope", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("summary", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("seen", Text, nullable=False),
    Column("next_step", Text, nullable=False),
    Column("at_risk_minor", BigInteger),
    Column("currency", Name),
    Column("state", Name, nullable=False),
    Column("found_at", UtcTime),
    Column("series", JSON, nullable=False),
    Column("place", JSON, nullable=False, server_default="[]"),
    Column("contributions", JSON, nullable=False, server_default="[]"),
    Column("cause", Text, nullable=False, server_default=""),
    Column("is_outage", Boolean, nullable=False, server_default="0"),
    Column("is_new_level", Boolean, nullable=False, server_default="0"),
    Column("revision", BigInteger, nullable=False, server_default="1"),
    Column("told_minor", BigInteger),
    Column("deeper_since", UtcTime),
    Column("acknowledged_by", Name),
    Column("acknowledged_at", UtcTime),
    Column("said_by", Name),
    Column("said_at", UtcTime),
    Column("said_note", Text, nullable=False, server_default=""),
    Column("silent_until", UtcTime),
    Column("ended_at", UtcTime),
    Index(None, "state", "partner", "since"),
)

# What people said of a finding, as the cell it teaches: useful or not. Rows stay when they are undone.
feedback = Table(
    "feedback",
    metadata,
    Column("finding_id", Name, ForeignKey("finding.id"), primary_key=True),
    Column("detector", Name, nullable=False),
    Column("level", Name, nullable=False),
    Column("metric", Name, nullable=False),
    Column("useful", Boolean, nullable=False),
    Column("said_by", Name, nullable=False),
    Column("said_at", UtcTime, nullable=False),
    Column("undone_by", Name),
    Column("undone_at", UtcTime),
)

# Digests that people asked for, beside those of the configuration; and what each digest told last, so that the next can tell the change.
subscription = Table(
    "subscription",
    metadata,
    Column("id", Name, primary_key=True),
    Column("channel", Name, nullable=False),
    Column("is_person", Boolean, nullable=False),
    Column("cron", Name, nullable=False),
    Column("time_zone", Name, nullable=False),
    Column("partners", JSON, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("calendar", Name),
    Column("least_minor", JSON, nullable=False),
    Column("created_by", Name, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("ended_by", Name),
    Column("ended_at", UtcTime),
)

digest_told = Table(
    "digest_told",
    metadata,
    Column("subscription_id", Name, primary_key=True),
    Column("scheduled_at", UtcTime, nullable=False),
    Column("told", JSON, nullable=False),
)
