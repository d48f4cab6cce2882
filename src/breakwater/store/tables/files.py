"""The files that came, what they hold, and what lies in partners' drops."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Date, ForeignKeyConstraint, Index, Integer, Table, Text

from breakwater.store.tables.columns import Name, UtcTime, metadata

source_file = Table(
    "source_file",
    metadata,
    Column("partner", Name, primary_key=True),
    Column("sha256", Name, primary_key=True),
    Column("stream", Name, nullable=False),
    Column("side", Name, nullable=False),
    Column("format", Name, nullable=False),
    Column("name", Text, nullable=False),
    Column("business_date", Date, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("state", Name, nullable=False),
    Column("parts", JSON, nullable=False),
    Column("logical_keys", JSON, nullable=False),
    Column("notices", JSON, nullable=False),
    Column("columns", JSON(none_as_null=True)),
    Column("reason", Text),
    Column("superseded_by", Name),
    Column("handled_by", Name),
    Column("handled_at", UtcTime),
    Index(None, "sha256"),
)

# What an ingested file holds, one row each, so that it can be asked for. Rows leave when the file is superseded: a logical key
# belongs to one ingested file at a time, which also decides between two processes that take in two issues at once.
source_file_key = Table(
    "source_file_key",
    metadata,
    Column("partner", Name, primary_key=True),
    Column("logical_key", Name, primary_key=True),
    Column("sha256", Name, nullable=False),
    ForeignKeyConstraint(["partner", "sha256"], ["source_file.partner", "source_file.sha256"]),
)

source_file_part = Table(
    "source_file_part",
    metadata,
    Column("file_partner", Name, primary_key=True),
    Column("path", Name, primary_key=True),
    Column("sha256", Name, nullable=False),
    Column("content", Name, nullable=False),
    Column("side", Name, nullable=False),
    Column("partner", Name, nullable=False),
    ForeignKeyConstraint(["file_partner", "sha256"], ["source_file.partner", "source_file.sha256"]),
    Index(None, "side", "content", "partner"),
)

# What lies in a partner's drop: the version seen last, since when it is unchanged, what it was once it was
# taken, and since when it lies there no more.
offered_file = Table(
    "offered_file",
    metadata,
    Column("drop", Name, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", UtcTime, nullable=False),
    Column("etag", Name),
    Column("seen_at", UtcTime, nullable=False),
    Column("sha256", Name),
    Column("gone_at", UtcTime),
)

lost_drop = Table(
    "lost_drop",
    metadata,
    Column("drop", Name, primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", UtcTime, nullable=False),
)

watermark = Table(
    "watermark",
    metadata,
    Column("source", Name, primary_key=True),
    Column("position", JSON, nullable=False),
    Column("moved_at", UtcTime, nullable=False),
)
