"""What goes to Slack and what came from it: cards, the outbox, the inbox, and the claims of the clock's jobs."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, Table, Text

from breakwater.store.tables.columns import Counter, Name, UtcTime, metadata

card = Table(
    "card",
    metadata,
    Column("about", Name, primary_key=True),
    Column("channel", Name, primary_key=True),
    Column("ts", Name, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("audience_kind", Name, nullable=False),
    Column("audience_id", Name, nullable=False),
    Index(None, "channel", "ts"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("key", Name, nullable=False, unique=True),
    Column("kind", Name, nullable=False),
    Column("audience_kind", Name, nullable=False),
    Column("audience_id", Name, nullable=False),
    Column("channel", Name, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("about", Name),
    Column("thread_about", Name),
    Column("revision", BigInteger, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("preview_id", Name),
    Column("state", Name, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("ambiguous", Boolean, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("lease_until", UtcTime),
    Column("error", Text),
    Column("ts", Name),
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Index(None, "channel", "about", "state"),
    Index(None, "channel", "thread_about", "state"),
    Index(None, "state", "not_before"),
    Index(None, "created_at"),
)

inbox = Table("inbox", metadata, Column("key", Name, primary_key=True), Column("seen_at", UtcTime, nullable=False, index=True))

claim = Table(
    "claim",
    metadata,
    Column("job", Name, primary_key=True),
    Column("scheduled_at", UtcTime, primary_key=True),
    Column("claimed_at", UtcTime, nullable=False),
)
