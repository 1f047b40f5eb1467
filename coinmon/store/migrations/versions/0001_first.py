"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _instrument() -> "sa.Column[int]":
    return sa.Column("instrument", sa.Integer, sa.ForeignKey("instruments.id"), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "instruments",
        sa.Column("id", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in (
                "venue",
                "kind",
                "base",
                "quote",
                "native_id",
                "symbol",
                "tick_size",
                "lot_size",
                "contract_size",
            )
        ),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("venue", "symbol"),
    )
    op.create_table(
        "bars",
        _instrument(),
        sa.Column("time", sa.BigInteger, primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("open", "high", "low", "close")),
        sa.Column("volume", sa.Float(53)),
        sa.Column("quote_volume", sa.Float(53)),
        sa.Column("trades", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Float(53)) for name in ("buy", "buy_quote", "delta_min", "delta_max")),
        sa.Column("coverage", sa.SmallInteger, nullable=False),
        sa.Column("levels", sa.LargeBinary),
    )
    op.create_table(
        "cursors",
        _instrument(),
        sa.Column("last_id", sa.BigInteger),
        sa.Column("next_minute", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "open_interest",
        _instrument(),
        sa.Column("time", sa.BigInteger, primary_key=True),
        sa.Column("base", sa.Float(53), nullable=False),
        sa.Column("value", sa.Float(53)),
    )
    op.create_table(
        "funding",
        _instrument(),
        sa.Column("time", sa.BigInteger, primary_key=True),
        sa.Column("rate", sa.Float(53), nullable=False),
        sa.Column("next_time", sa.BigInteger),
        sa.Column("interval_ms", sa.BigInteger),
        sa.Column("mark", sa.Float(53)),
        sa.Column("index", sa.Float(53)),
    )
    op.create_table(
        "whale_trades",
        _instrument(),
        sa.Column("trade_id", sa.BigInteger, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("side", sa.SmallInteger, nullable=False),
        *(sa.Column(name, sa.Float(53), nullable=False) for name in ("price", "base", "quote")),
        sa.Column("fills", sa.Integer, nullable=False),
    )
    op.create_index("whale_trades_by_time", "whale_trades", ["instrument", "time"])
    op.create_table(
        "signals",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("key", "pair", "name")),
        sa.Column("grade", sa.String),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sa.Column("event", sa.JSON, nullable=False),
    )
    op.create_index("signals_by_key", "signals", ["key", "time"])
    op.create_index("signals_by_time", "signals", ["time"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("signal", sa.String, sa.ForeignKey("signals.id"), nullable=False),
        sa.Column("output", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt", sa.BigInteger, nullable=False),
        sa.Column("error", sa.String),
        sa.UniqueConstraint("signal", "output"),
    )
    op.create_index("deliveries_by_state", "deliveries", ["state", "next_attempt"])
