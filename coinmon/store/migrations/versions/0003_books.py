"""Order books and liquidations."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _instrument() -> "sa.Column[int]":
    return sa.Column("instrument", sa.Integer, sa.ForeignKey("instruments.id"), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "depth",
        _instrument(),
        sa.Column("time", sa.BigInteger, primary_key=True),
        *(sa.Column(name, sa.Float(53), nullable=False) for name in ("bid", "ask", "reach_bid", "reach_ask")),
        sa.Column("near", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "heatmap",
        _instrument(),
        sa.Column("time", sa.BigInteger, primary_key=True),
        sa.Column("row", sa.String, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("sizes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "liquidations",
        _instrument(),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("side", sa.SmallInteger, nullable=False),
        *(sa.Column(name, sa.Float(53), nullable=False) for name in ("price", "base")),
    )
    op.create_index("liquidations_by_time", "liquidations", ["instrument", "time"])
    op.create_table("liquidations_heard", _instrument(), sa.Column("time", sa.BigInteger, primary_key=True))
