"""Breaks are worked: who touched one last, until when it sleeps, what belongs to it, what is proposed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """From how files arrive."""
    op.add_column("breaks", sa.Column("touched_by", NAME, nullable=True))
    op.add_column("breaks", sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("breaks", sa.Column("snoozed_until", sa.Date(), nullable=True))
    op.add_column("breaks", sa.Column("links", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("breaks", sa.Column("proposal", sa.JSON(), nullable=True))
    op.add_column("breaks", sa.Column("escalated", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_breaks_owner_id"), "breaks", ["owner_id"])
