"""Deliveries know the message they went into; channels remember their pace over restarts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("gather", sa.String))
    op.add_column("deliveries", sa.Column("message", sa.String))
    op.add_column("deliveries", sa.Column("part", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "channels",
        sa.Column("output", sa.String, primary_key=True),
        sa.Column("paused_until", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("posts", sa.JSON, nullable=False),
    )
