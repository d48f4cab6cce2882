"""What accounting gets: the bookings that two people agreed on, and the months that were signed off."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Table, Text

from breakwater.store.tables.columns import Name, UtcTime, metadata

# What two people agreed to book, for accounting: rows are never changed, but for which export told of them first, against which account.
journal_entry = Table(
    "journal_entry",
    metadata,
    Column("id", Name, primary_key=True),
    Column("break_id", Name, ForeignKey("breaks.id"), nullable=False),
    Column("partner", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("is_reversal", Boolean, nullable=False),
    Column("effect", Name, nullable=False),
    Column("account", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Name, nullable=False),
    Column("reference", Text, nullable=False),
    Column("reason", Name, nullable=False),
    Column("note", Text, nullable=False),
    Column("proposed_by", Name, nullable=False),
    Column("approved_by", Name, nullable=False),
    Column("booked_at", UtcTime, nullable=False),
    Column("export", Name),
    Column("contra_account", Text),
    Index(None, "booked_at"),
)

sign_off = Table(
    "sign_off",
    metadata,
    Column("partner", Name, primary_key=True),
    Column("period", Name, primary_key=True),
    Column("state", Name, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("prepared_by", Name, nullable=False),
    Column("prepared_at", UtcTime, nullable=False),
    Column("reviewed_by", Name),
    Column("reviewed_at", UtcTime),
    Column("now", JSON(none_as_null=True)),
    Column("changed_at", UtcTime),
)
