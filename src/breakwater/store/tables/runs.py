"""Runs, what people matched by hand for them, and how each partner stands after them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Index, Table, Text, false

from breakwater.store.tables.columns import Counter, Name, UtcTime, metadata

run = Table(
    "run",
    metadata,
    Column("number", Counter, primary_key=True, autoincrement=True),
    Column("id", Name, nullable=False, unique=True),
    Column("partner", Name, nullable=False),
    Column("agreement", Name, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime, nullable=False),
    Column("ours_rows", BigInteger, nullable=False),
    Column("theirs_rows", BigInteger, nullable=False),
    Column("matched", JSON, nullable=False),
    Column("pending", JSON, nullable=False),
    Column("in_breaks", JSON, nullable=False),
    Column("breaks", JSON, nullable=False),
    Column("input_key", Name, nullable=False),
    Column("agreement_sha256", Name, nullable=False, server_default=""),
    Column("opening", JSON, nullable=False, server_default="{}"),
    Column("changes", JSON, nullable=False, server_default="{}"),
    Column("is_restatement", Boolean, nullable=False, server_default=false()),
    Column("asked_by", Name),
    Column("looked_at", BigInteger),
    Index(None, "partner", "finished_at"),
)

# What people matched by hand, two of them each time. It counts while its state is 'holds'.
manual_match = Table(
    "manual_match",
    metadata,
    Column("id", Name, primary_key=True),
    Column("partner", Name, nullable=False),
    Column("agreement", Name, nullable=False),
    Column("break_id", Name, nullable=False),
    Column("ours", JSON, nullable=False),
    Column("theirs", JSON, nullable=False),
    Column("made_by", Name, nullable=False),
    Column("approved_by", Name, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("state", Name, nullable=False),
    Column("ended_at", UtcTime),
    Column("ended_by", Name),
    Column("ended_because", Text),
    Index(None, "partner", "state"),
)

# The state of a partner as of a business date, in one currency: whole figures, from which the shares follow.
partner_state = Table(
    "partner_state",
    metadata,
    Column("partner", Name, primary_key=True),
    Column("currency", Name, primary_key=True),
    Column("business_date", Date, primary_key=True),
    Column("run_id", Name, nullable=False),
    Column("figures", JSON, nullable=False),
)
