"""How files arrive: what drops offered, which drops can't be reached, how far our own side was pulled, who handled a refused file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """From the first tables."""
    op.add_column("source_file", sa.Column("handled_by", NAME, nullable=True))
    op.add_column("source_file", sa.Column("handled_at", TIME, nullable=True))
    op.create_table(
        "offered_file",
        sa.Column("drop", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", TIME, nullable=False),
        sa.Column("etag", NAME, nullable=True),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("sha256", NAME, nullable=True),
        sa.PrimaryKeyConstraint("drop", "name", name=op.f("pk_offered_file")),
    )
    op.create_table(
        "lost_drop",
        sa.Column("drop", NAME, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("drop", name=op.f("pk_lost_drop")),
    )
    op.create_table(
        "watermark",
        sa.Column("source", NAME, nullable=False),
        sa.Column("position", sa.JSON(), nullable=False),
        sa.Column("moved_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_watermark")),
    )
