"""Runs: their history, what they were told to do, and what people matched by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From breaks that are worked."""
    op.add_column("run", sa.Column("agreement_sha256", NAME, nullable=False, server_default=""))
    op.add_column("run", sa.Column("opening", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("run", sa.Column("changes", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("run", sa.Column("is_restatement", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("run", sa.Column("asked_by", NAME, nullable=True))
    op.add_column("run", sa.Column("looked_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "manual_match",
        sa.Column("id", NAME, nullable=False),
        sa.Column("partner", NAME, nullable=False),
        sa.Column("agreement", NAME, nullable=False),
        sa.Column("break_id", NAME, nullable=False),
        sa.Column("ours", sa.JSON(), nullable=False),
        sa.Column("theirs", sa.JSON(), nullable=False),
        sa.Column("made_by", NAME, nullable=False),
        sa.Column("approved_by", NAME, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", NAME, nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manual_match")),
    )
    op.create_index(op.f("ix_manual_match_partner_state"), "manual_match", ["partner", "state"])
