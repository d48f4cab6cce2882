"""Findings that get far larger: since when that was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From findings of which nobody noted it."""
    op.add_column("finding", sa.Column("deeper_since", sa.DateTime(timezone=True), nullable=True))
