"""The columns of files: what the header of each file names, so that a new or a missing one is seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From files whose columns nobody noted."""
    op.add_column("source_file", sa.Column("columns", sa.JSON(), nullable=True))
