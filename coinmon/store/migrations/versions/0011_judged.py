"""Which minutes a scan judged, and what it knew then: a replay judges the same, with the same."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "judged",
        sa.Column("time", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("shard", sa.String, primary_key=True),
        sa.Column("read_until", sa.BigInteger, nullable=False),
    )
