"""Causes and the daily state of partners."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From incremental runs."""
    op.create_table(
        "cause",
        sa.Column("id", NAME, nullable=False),
        sa.Column("partner", NAME, nullable=False),
        sa.Column("agreement", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("run_id", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", NAME, nullable=True),
        sa.Column("acknowledged_by", NAME, nullable=True),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("over_at", TIME, nullable=True),
        sa.Column("incident_id", NAME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cause")),
    )
    op.create_index(op.f("ix_cause_partner_state_rank"), "cause", ["partner", "state", "rank"])
    op.create_table(
        "cause_break",
        sa.Column("break_id", NAME, nullable=False),
        sa.Column("cause_id", NAME, nullable=False),
        sa.ForeignKeyConstraint(["break_id"], ["breaks.id"], name=op.f("fk_cause_break_breaks")),
        sa.ForeignKeyConstraint(["cause_id"], ["cause.id"], name=op.f("fk_cause_break_cause")),
        sa.PrimaryKeyConstraint("break_id", name=op.f("pk_cause_break")),
    )
    op.create_index(op.f("ix_cause_break_cause_id"), "cause_break", ["cause_id"])
    op.create_table(
        "partner_state",
        sa.Column("partner", NAME, nullable=False),
        sa.Column("currency", NAME, nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("run_id", NAME, nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "currency", "business_date", name=op.f("pk_partner_state")),
    )
