"""Retention: messages are found by their age, and files that are gone from their drop are known as such."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From an outbox and drops of which everything was kept."""
    op.create_index(op.f("ix_outbox_created_at"), "outbox", ["created_at"])
    op.add_column("offered_file", sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True))
