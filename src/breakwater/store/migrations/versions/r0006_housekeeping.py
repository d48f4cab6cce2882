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
    op.create_table(
        "ageing",
        sa.Column("partner", NAME, nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("partner", name=op.f("pk_ageing")),
    )
