"""The tables of the store, and the column types that read the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware in, aware UTC out, on both databases (SQLite keeps no time zone). A naive moment is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Byte order on both databases, so that ORDER BY means the same whatever locale a server was set up with.
Name = String().with_variant(String(collation="C"), "postgresql")
# Counts up by itself; SQLite only does so for a column of exactly this type.
Counter = BigInteger().with_variant(Integer(), "sqlite")

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

# What lies in a partner's drop: the version seen last, since when it is unchanged, and what it was once it was taken.
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
)
inbox = Table("inbox", metadata, Column("key", Name, primary_key=True), Column("seen_at", UtcTime, nullable=False, index=True))
claim = Table(
    "claim",
    metadata,
    Column("job", Name, primary_key=True),
    Column("scheduled_at", UtcTime, primary_key=True),
    Column("claimed_at", UtcTime, nullable=False),
)

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


def insert_new(tx: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there already: True if it was inserted. Waits for a rival's transaction, then decides."""
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(values).on_conflict_do_nothing()
    return tx.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1
