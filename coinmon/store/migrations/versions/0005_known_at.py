"""When rows could be known, what instruments were, what a user brought on purpose.

Columns are added empty, which costs the same for ten rows and ten million: NULL is what older rows are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TABLES = ("bars", "open_interest", "funding", "whale_trades", "liquidations", "depth", "heatmap")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("known_at", sa.BigInteger))
    for name in ("delisted_at", "followed_at"):
        op.add_column("instruments", sa.Column(name, sa.BigInteger))
    op.create_table(
        "instrument_attributes",
        sa.Column("instrument", sa.Integer, sa.ForeignKey("instruments.id"), primary_key=True),
        sa.Column("until", sa.BigInteger, primary_key=True),
        sa.Column("native_id", sa.String, nullable=False),
        sa.Column("contract_size", sa.String, nullable=False),
    )
    op.create_table(
        "kept",
        sa.Column("instrument", sa.Integer, sa.ForeignKey("instruments.id"), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("end", sa.BigInteger, nullable=False),
    )
