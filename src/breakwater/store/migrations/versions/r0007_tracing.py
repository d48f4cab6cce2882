"""Payments: who watches which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """From housekeeping."""
    op.create_table(
        "payment_watch",
        sa.Column("user_id", NAME, nullable=False),
        sa.Column("payment_id", NAME, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("position", NAME, nullable=False),
        sa.Column("processing", NAME, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "payment_id", name=op.f("pk_payment_watch")),
    )
