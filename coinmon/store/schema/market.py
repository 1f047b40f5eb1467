"""What venues say of their markets."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from coinmon.store.schema.columns import instrument, known_at, metadata

instruments = Table(
    "instruments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("venue", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("base", String, nullable=False),
    Column("quote", String, nullable=False),
    Column("native_id", String, nullable=False),
    Column("symbol", String, nullable=False),
    # decimals as text: a float column would turn 0.1 into 0.1000000000000000055
    Column("tick_size", String, nullable=False),
    Column("lot_size", String, nullable=False),
    Column("contract_size", String, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    # when a whole list of its venue first lacked it, NULL: it is listed
    Column("delisted_at", BigInteger),
    # when a scan last began or renewed following it, NULL: never
    Column("followed_at", BigInteger),
    # goes up when minutes that were over for a while are written or deleted, see store/bars.py
    Column("rewritten", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("venue", "symbol"),
)

# what an instrument's attributes were before they changed: each row holds up to `until`, and after the row before it
instrument_attributes = Table(
    "instrument_attributes",
    metadata,
    instrument(),
    Column("until", BigInteger, primary_key=True),
    Column("native_id", String, nullable=False),
    Column("contract_size", String, nullable=False),
)

# history that a user brought on purpose: it stays until the user says otherwise
kept = Table(
    "kept",
    metadata,
    instrument(),
    Column("start", BigInteger, primary_key=True),
    Column("end", BigInteger, nullable=False),
)

bars = Table(
    "bars",
    metadata,
    instrument(),
    Column("time", BigInteger, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in ("open", "high", "low", "close")),
    Column("volume", Float(53)),
    Column("quote_volume", Float(53)),
    Column("trades", BigInteger, nullable=False),
    Column("buy", Float(53)),
    Column("buy_quote", Float(53)),
    Column("delta_min", Float(53)),
    Column("delta_max", Float(53)),
    Column("coverage", SmallInteger, nullable=False),
    known_at(),
    # last, so that reading the other columns of a row does not touch its pages
    Column("levels", LargeBinary),
)

# sixty minutes of `bars` in one row: a copy, see store/hours.py. Triggers on `bars` delete an hour when a minute of it
# is written or deleted
hours = Table(
    "hours",
    metadata,
    instrument(),
    Column("time", BigInteger, primary_key=True),
    # zlib of the minutes' numbers one after the other
    Column("bars", LargeBinary, nullable=False),
    # the levels of its complete minutes added up, packed as theirs are; NULL: they have to be added up anew each time
    Column("levels", LargeBinary),
)

open_interest = Table(
    "open_interest",
    metadata,
    instrument(),
    Column("time", BigInteger, primary_key=True),
    Column("base", Float(53), nullable=False),
    Column("value", Float(53)),
    known_at(),
)

funding = Table(
    "funding",
    metadata,
    instrument(),
    Column("time", BigInteger, primary_key=True),
    Column("rate", Float(53), nullable=False),
    Column("next_time", BigInteger),
    Column("interval_ms", BigInteger),
    Column("mark", Float(53)),
    Column("index", Float(53)),
    known_at(),
)

whale_trades = Table(
    "whale_trades",
    metadata,
    instrument(),
    Column("trade_id", BigInteger, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("side", SmallInteger, nullable=False),
    Column("price", Float(53), nullable=False),
    Column("base", Float(53), nullable=False),
    Column("quote", Float(53), nullable=False),
    Column("fills", Integer, nullable=False),
    known_at(),
    Index("whale_trades_by_time", "instrument", "time"),
)

depth = Table(
    "depth",
    metadata,
    instrument(),
    Column("time", BigInteger, primary_key=True),
    *(Column(name, Float(53), nullable=False) for name in ("bid", "ask", "reach_bid", "reach_ask")),
    # five little-endian float64 a percentage: as in model.book.Near
    Column("near", LargeBinary, nullable=False),
    known_at(),
)

heatmap = Table(
    "heatmap",
    metadata,
    instrument(),
    # end of the minute that it is the mean of
    Column("time", BigInteger, primary_key=True),
    # a decimal as text, see tick_size
    Column("row", String, nullable=False),
    Column("first", BigInteger, nullable=False),
    # zlib of little-endian float32: bids from the lowest row up, then as many asks
    Column("sizes", LargeBinary, nullable=False),
    known_at(),
)

liquidations = Table(
    "liquidations",
    metadata,
    instrument(),
    Column("key", String, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("side", SmallInteger, nullable=False),
    *(Column(name, Float(53), nullable=False) for name in ("price", "base")),
    known_at(),
    Index("liquidations_by_time", "instrument", "time"),
)

# minutes in which a liquidation would have been heard: silence and deafness differ
liquidations_heard = Table(
    "liquidations_heard",
    metadata,
    instrument(),
    Column("time", BigInteger, primary_key=True),
)


def _superseded(table: Table, *more: Index) -> Table:
    """Earlier states of its rows: what a row said from `known_at` to `until`, when other values were stored over it."""
    columns = [
        Column(each.name, each.type, *(ForeignKey(key.target_fullname) for key in each.foreign_keys),
               primary_key=each.primary_key, nullable=each.nullable, autoincrement=False)
        for each in table.columns
    ]  # fmt: skip
    return Table(f"superseded_{table.name}", metadata, *columns, Column("until", BigInteger, primary_key=True), *more)


# a replay of what was known reads them, and nobody else. Triggers write those of bars, open interest and funding
superseded_bars = _superseded(bars)
superseded_open_interest = _superseded(open_interest)
superseded_funding = _superseded(funding)
superseded_whale_trades = _superseded(whale_trades, Index("superseded_whale_trades_by_time", "instrument", "time"))
