"""Breaks, which records each holds, the rules that suppress known noise among them, and how far their ageing was looked at."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from breakwater.store.tables.columns import Name, UtcTime, metadata

breaks = Table(
    "breaks",
    metadata,
    Column("id", Name, primary_key=True),
    Column("agreement", Name, nullable=False),
    Column("fingerprint", Name, nullable=False),
    Column("partner", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("ours", JSON, nullable=False),
    Column("theirs", JSON, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Name, nullable=False),
    Column("material", Boolean, nullable=False),
    Column("dated", Date, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("pass_name", Name),
    Column("also", JSON, nullable=False),
    Column("lag", BigInteger),
    Column("references", JSON, nullable=False),
    Column("state", Name, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("owner_id", Name),
    Column("acknowledged_at", UtcTime),
    Column("resolved_at", UtcTime),
    Column("resolution", Text),
    Column("run_id", Name),
    Column("extra", JSON, nullable=False),
    Column("touched_by", Name),
    Column("touched_at", UtcTime),
    Column("snoozed_until", Date),
    Column("links", JSON, nullable=False, server_default="[]"),
    Column("proposal", JSON(none_as_null=True)),
    Column("escalated", Integer, nullable=False, server_default="0"),
    Column("reminded_at", UtcTime),
    Column("suppressed_by", Name),
    UniqueConstraint("agreement", "fingerprint"),
    Index(None, "partner", "state", "amount_minor"),
    Index(None, "owner_id"),
    Index(None, "suppressed_by"),
)

break_record = Table(
    "break_record",
    metadata,
    Column("side", Name, primary_key=True),
    Column("record_id", Name, primary_key=True),
    Column("break_id", Name, ForeignKey("breaks.id"), primary_key=True),
)

noise_rule = Table(
    "noise_rule",
    metadata,
    Column("id", Name, primary_key=True),
    Column("partner", Name, nullable=False),
    Column("kind", Name),
    Column("pattern", Text, nullable=False),
    Column("currency", Name, nullable=False),
    Column("most_minor", BigInteger, nullable=False),
    Column("limit_minor", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("owner_id", Name, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("ended_by", Name),
    Column("ended_at", UtcTime),
    Index(None, "partner"),
)

# How far each partner's breaks were looked through for those that grew into an older band.
ageing = Table(
    "ageing",
    metadata,
    Column("partner", Name, primary_key=True),
    Column("seen_on", Date, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)
