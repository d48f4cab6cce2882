"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From an empty database."""
    op.create_table(
        "audit",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor_id", NAME, nullable=False),
        sa.Column("action", NAME, nullable=False),
        sa.Column("about_kind", NAME, nullable=False),
        sa.Column("about_id", NAME, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", NAME, nullable=False),
        sa.Column("hash", NAME, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_about_id"), "audit", ["about_id"])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "breaks",
        sa.Column("id", NAME, nullable=False),
        sa.Column("agreement", NAME, nullable=False),
        sa.Column("fingerprint", NAME, nullable=False),
        sa.Column("partner", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("ours", sa.JSON(), nullable=False),
        sa.Column("theirs", sa.JSON(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", NAME, nullable=False),
        sa.Column("material", sa.Boolean(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("pass_name", NAME),
        sa.Column("also", sa.JSON(), nullable=False),
        sa.Column("lag", sa.BigInteger()),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", NAME),
        sa.Column("acknowledged_at", TIME),
        sa.Column("resolved_at", TIME),
        sa.Column("resolution", sa.Text()),
        sa.Column("run_id", NAME),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaks")),
        sa.UniqueConstraint("agreement", "fingerprint", name=op.f("uq_breaks_agreement_fingerprint")),
    )
    op.create_index(op.f("ix_breaks_partner_state_amount_minor"), "breaks", ["partner", "state", "amount_minor"])
    op.create_table(
        "card",
        sa.Column("about", NAME, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("ts", NAME, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("audience_kind", NAME, nullable=False),
        sa.Column("audience_id", NAME, nullable=False),
        sa.PrimaryKeyConstraint("about", "channel", name=op.f("pk_card")),
    )
    op.create_index(op.f("ix_card_channel_ts"), "card", ["channel", "ts"])
    op.create_table(
        "claim",
        sa.Column("job", NAME, nullable=False),
        sa.Column("scheduled_at", TIME, nullable=False),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("job", "scheduled_at", name=op.f("pk_claim")),
    )
    op.create_table(
        "finding",
        sa.Column("id", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("partner", NAME, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("at_risk_minor", sa.BigInteger()),
        sa.Column("currency", NAME),
        sa.Column("state", NAME, nullable=False),
        sa.Column("found_at", TIME),
        sa.Column("series", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index(op.f("ix_finding_state_partner_since"), "finding", ["state", "partner", "since"])
    op.create_table(
        "inbox",
        sa.Column("key", NAME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_seen_at"), "inbox", ["seen_at"])
    op.create_table(
        "incident",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("partner", NAME, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", NAME, nullable=False),
        sa.Column("severity", NAME, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("partner_text", sa.Text(), nullable=False),
        sa.Column("opened_by", NAME, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", TIME),
        sa.Column("resolved_by", NAME),
        sa.Column("resolution", sa.Text()),
        sa.Column("partner_resolution", sa.Text()),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_incident")),
        sa.UniqueConstraint("id", name=op.f("uq_incident_id")),
    )
    op.create_index(
        "ux_incident_open",
        "incident",
        ["partner", "title_key"],
        unique=True,
        sqlite_where=sa.text("status <> 'resolved'"),
        postgresql_where=sa.text("status <> 'resolved'"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("audience_kind", NAME, nullable=False),
        sa.Column("audience_id", NAME, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("about", NAME),
        sa.Column("thread_about", NAME),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("preview_id", NAME),
        sa.Column("state", NAME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.Column("not_before", TIME, nullable=False),
        sa.Column("lease_until", TIME),
        sa.Column("error", sa.Text()),
        sa.Column("ts", NAME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("sent_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(op.f("ix_outbox_channel_about_state"), "outbox", ["channel", "about", "state"])
    op.create_index(op.f("ix_outbox_channel_thread_about_state"), "outbox", ["channel", "thread_about", "state"])
    op.create_index(op.f("ix_outbox_state_not_before"), "outbox", ["state", "not_before"])
    op.create_table(
        "run",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("partner", NAME, nullable=False),
        sa.Column("agreement", NAME, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=False),
        sa.Column("ours_rows", sa.BigInteger(), nullable=False),
        sa.Column("theirs_rows", sa.BigInteger(), nullable=False),
        sa.Column("matched", sa.JSON(), nullable=False),
        sa.Column("pending", sa.JSON(), nullable=False),
        sa.Column("in_breaks", sa.JSON(), nullable=False),
        sa.Column("breaks", sa.JSON(), nullable=False),
        sa.Column("input_key", NAME, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_run")),
        sa.UniqueConstraint("id", name=op.f("uq_run_id")),
    )
    op.create_index(op.f("ix_run_partner_finished_at"), "run", ["partner", "finished_at"])
    op.create_table(
        "source_file",
        sa.Column("partner", NAME, nullable=False),
        sa.Column("sha256", NAME, nullable=False),
        sa.Column("stream", NAME, nullable=False),
        sa.Column("side", NAME, nullable=False),
        sa.Column("format", NAME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("logical_keys", sa.JSON(), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("superseded_by", NAME),
        sa.PrimaryKeyConstraint("partner", "sha256", name=op.f("pk_source_file")),
    )
    op.create_index(op.f("ix_source_file_sha256"), "source_file", ["sha256"])
    op.create_table(
        "break_record",
        sa.Column("side", NAME, nullable=False),
        sa.Column("record_id", NAME, nullable=False),
        sa.Column("break_id", NAME, nullable=False),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.id"], name=op.f("fk_break_record_breaks")),
        sa.PrimaryKeyConstraint("side", "record_id", "break_id", name=op.f("pk_break_record")),
    )
    op.create_table(
        "source_file_key",
        sa.Column("partner", NAME, nullable=False),
        sa.Column("logical_key", NAME, nullable=False),
        sa.Column("sha256", NAME, nullable=False),
        sa.ForeignKeyConstraint(
            ["partner", "sha256"], ["source_file.partner", "source_file.sha256"], name=op.f("fk_source_file_key_source_file")
        ),
        sa.PrimaryKeyConstraint("partner", "logical_key", name=op.f("pk_source_file_key")),
    )
    op.create_table(
        "source_file_part",
        sa.Column("file_partner", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("sha256", NAME, nullable=False),
        sa.Column("content", NAME, nullable=False),
        sa.Column("side", NAME, nullable=False),
        sa.Column("partner", NAME, nullable=False),
        sa.ForeignKeyConstraint(
            ["file_partner", "sha256"], ["source_file.partner", "source_file.sha256"], name=op.f("fk_source_file_part_source_file")
        ),
        sa.PrimaryKeyConstraint("file_partner", "path", name=op.f("pk_source_file_part")),
    )
    op.create_index(op.f("ix_source_file_part_side_content_partner"), "source_file_part", ["side", "content", "partner"])
    op.create_table(
        "timeline_entry",
        sa.Column("number", COUNTER, autoincrement=True, nullable=False),
        sa.Column("incident_id", NAME, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("side", NAME, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", NAME),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_timeline_entry_incident")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_timeline_entry")),
        sa.UniqueConstraint("incident_id", "key", name=op.f("uq_timeline_entry_incident_id_key")),
    )
    # The chain of the audit trail starts at nothing.
    op.execute(sa.text("INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, :hash)").bindparams(hash="0" * 64))
