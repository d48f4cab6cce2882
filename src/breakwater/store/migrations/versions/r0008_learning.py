"""Detection: what people said about findings, and who subscribed to what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From findings that nobody could answer, and digests of the configuration alone."""
    for column in _of_findings():
        op.add_column("finding", column)
    op.create_table(
        "feedback",
        sa.Column("finding_id", NAME, nullable=False),
        sa.Column("detector", NAME, nullable=False),
        sa.Column("level", NAME, nullable=False),
        sa.Column("metric", NAME, nullable=False),
        sa.Column("useful", sa.Boolean(), nullable=False),
        sa.Column("said_by", NAME, nullable=False),
        sa.Column("said_at", TIME, nullable=False),
        sa.Column("undone_by", NAME, nullable=True),
        sa.Column("undone_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_feedback_finding")),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_feedback")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", NAME, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("is_person", sa.Boolean(), nullable=False),
        sa.Column("cron", NAME, nullable=False),
        sa.Column("time_zone", NAME, nullable=False),
        sa.Column("partners", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("calendar", NAME, nullable=True),
        sa.Column("least_minor", sa.JSON(), nullable=False),
        sa.Column("created_by", NAME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_by", NAME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    op.create_table(
        "digest_told",
        sa.Column("subscription_id", NAME, nullable=False),
        sa.Column("scheduled_at", TIME, nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_digest_told")),
    )


def _of_findings() -> list[sa.Column[object]]:
    def flag(name: str) -> sa.Column[object]:
        return sa.Column(name, sa.Boolean(), nullable=False, server_default="0")

    def text(name: str) -> sa.Column[object]:
        return sa.Column(name, sa.Text(), nullable=False, server_default="")

    return [
        sa.Column("place", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("contributions", sa.JSON(), nullable=False, server_default="[]"),
        text("cause"),
        flag("is_outage"),
        flag("is_new_level"),
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("told_minor", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", NAME, nullable=True),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("said_by", NAME, nullable=True),
        sa.Column("said_at", TIME, nullable=True),
        text("said_note"),
        sa.Column("silent_until", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
    ]
