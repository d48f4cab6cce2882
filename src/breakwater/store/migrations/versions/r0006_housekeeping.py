"""Breaks: rules for known noise, reminders, periods that were signed off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """From causes."""
    op.add_column("breaks", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("breaks", sa.Column("suppressed_by", NAME, nullable=True))
    op.create_index(op.f("ix_breaks_suppressed_by"), "breaks", ["suppressed_by"])
    op.create_table(
        "noise_rule",
        sa.Column("id", NAME, nullable=False),
        sa.Column("partner", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=True),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("currency", NAME, nullable=False),
        sa.Column("most_minor", sa.BigInteger(), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner_id", NAME, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("ended_by", NAME, nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_noise_rule")),
    )
    op.create_index(op.f("ix_noise_rule_partner"), "noise_rule", ["partner"])
    op.create_table(
        "journal_entry",
        sa.Column("id", NAME, nullable=False),
        sa.Column("break_id", NAME, nullable=False),
        sa.Column("partner", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("is_reversal", sa.Boolean(), nullable=False),
        sa.Column("effect", NAME, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", NAME, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("reason", NAME, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", NAME, nullable=False),
        sa.Column("approved_by", NAME, nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("export", NAME, nullable=True),
        sa.Column("contra_account", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.id"], name=op.f("fk_journal_entry_breaks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
    )
    op.create_index(op.f("ix_journal_entry_booked_at"), "journal_entry", ["booked_at"])
    op.create_table(
        "sign_off",
        sa.Column("partner", NAME, nullable=False),
        sa.Column("period", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("prepared_by", NAME, nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", NAME, nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("now", sa.JSON(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("partner", "period", name=op.f("pk_sign_off")),
    )
    op.create_table(
        "ageing",
        sa.Column("partner", NAME, nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("partner", name=op.f("pk_ageing")),
    )
