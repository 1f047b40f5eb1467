"""The tables. Times are ms UTC, prices of bars are ticks of the instrument's grid, NULL is unknown."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

metadata = MetaData()

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


def _where(condition: str) -> dict[str, Any]:
    """An index of the rows of which this holds alone. A query uses it that says the same, in literals."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _instrument() -> Column[int]:
    return Column("instrument", Integer, ForeignKey("instruments.id"), primary_key=True)


# what an instrument's attributes were before they changed: each row holds up to `until`, and after the row before it
instrument_attributes = Table(
    "instrument_attributes",
    metadata,
    _instrument(),
    Column("until", BigInteger, primary_key=True),
    Column("native_id", String, nullable=False),
    Column("contract_size", String, nullable=False),
)

# history that a user brought on purpose: it stays until the user says otherwise
kept = Table(
    "kept",
    metadata,
    _instrument(),
    Column("start", BigInteger, primary_key=True),
    Column("end", BigInteger, nullable=False),
)


def _known_at() -> Column[int]:
    """When the row could be known; NULL: as soon as it happened (a minute's bar: as soon as the minute was over)."""
    return Column("known_at", BigInteger)


bars = Table(
    "bars",
    metadata,
    _instrument(),
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
    _known_at(),
    # last, so that reading the other columns of a row does not touch its pages
    Column("levels", LargeBinary),
)

# sixty minutes of `bars` in one row: a copy, see store/hours.py. Triggers on `bars` delete an hour when a minute of it
# is written or deleted
hours = Table(
    "hours",
    metadata,
    _instrument(),
    Column("time", BigInteger, primary_key=True),
    # zlib of the minutes' numbers one after the other
    Column("bars", LargeBinary, nullable=False),
    # the levels of its complete minutes added up, packed as theirs are; NULL: they have to be added up anew each time
    Column("levels", LargeBinary),
)

cursors = Table(
    "cursors",
    metadata,
    _instrument(),
    # every trade of the minutes before `next_minute` is in the bars; `last_id` is the last of those trades
    Column("last_id", BigInteger),
    Column("next_minute", BigInteger, nullable=False),
)

open_interest = Table(
    "open_interest",
    metadata,
    _instrument(),
    Column("time", BigInteger, primary_key=True),
    Column("base", Float(53), nullable=False),
    Column("value", Float(53)),
    _known_at(),
)

funding = Table(
    "funding",
    metadata,
    _instrument(),
    Column("time", BigInteger, primary_key=True),
    Column("rate", Float(53), nullable=False),
    Column("next_time", BigInteger),
    Column("interval_ms", BigInteger),
    Column("mark", Float(53)),
    Column("index", Float(53)),
    _known_at(),
)

whale_trades = Table(
    "whale_trades",
    metadata,
    _instrument(),
    Column("trade_id", BigInteger, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("side", SmallInteger, nullable=False),
    Column("price", Float(53), nullable=False),
    Column("base", Float(53), nullable=False),
    Column("quote", Float(53), nullable=False),
    Column("fills", Integer, nullable=False),
    _known_at(),
    Index("whale_trades_by_time", "instrument", "time"),
)

depth = Table(
    "depth",
    metadata,
    _instrument(),
    Column("time", BigInteger, primary_key=True),
    *(Column(name, Float(53), nullable=False) for name in ("bid", "ask", "reach_bid", "reach_ask")),
    # five little-endian float64 a percentage: as in model.book.Near
    Column("near", LargeBinary, nullable=False),
    _known_at(),
)

heatmap = Table(
    "heatmap",
    metadata,
    _instrument(),
    # end of the minute that it is the mean of
    Column("time", BigInteger, primary_key=True),
    # a decimal as text, see tick_size
    Column("row", String, nullable=False),
    Column("first", BigInteger, nullable=False),
    # zlib of little-endian float32: bids from the lowest row up, then as many asks
    Column("sizes", LargeBinary, nullable=False),
    _known_at(),
)

liquidations = Table(
    "liquidations",
    metadata,
    _instrument(),
    Column("key", String, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("side", SmallInteger, nullable=False),
    *(Column(name, Float(53), nullable=False) for name in ("price", "base")),
    _known_at(),
    Index("liquidations_by_time", "instrument", "time"),
)

# minutes in which a liquidation would have been heard: silence and deafness differ
liquidations_heard = Table(
    "liquidations_heard",
    metadata,
    _instrument(),
    Column("time", BigInteger, primary_key=True),
)

signals = Table(
    "signals",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("pair", String, nullable=False),
    Column("name", String, nullable=False),
    Column("grade", String),
    Column("time", BigInteger, nullable=False),
    # NULL while it lasts
    Column("ended", BigInteger),
    Column("event", JSON, nullable=False),
    Index("signals_by_key", "key", "time"),
    Index("signals_by_time", "time"),
    Index("signals_by_ended", "ended"),
    # the few that last, among all that were ever told
    Index("signals_lasting", "key", **_where("ended IS NULL")),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("signal", String, ForeignKey("signals.id"), nullable=False),
    Column("output", String, nullable=False),
    # waiting, sent, refused
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt", BigInteger, nullable=False),
    Column("error", String),
    # why it is told together with others, NULL: on its own if there is room
    Column("gather", String),
    # the message it was put into when that was first sent, and how many of its parts the channel has taken
    Column("message", String),
    Column("part", Integer, nullable=False, server_default="0"),
    UniqueConstraint("signal", "output"),
    Index("deliveries_waiting", "output", "next_attempt", **_where("state = 'waiting'")),
)

# what an output's robot was sent lately and until when it rests, by the wall clock: it is the robot's
channels = Table(
    "channels",
    metadata,
    Column("output", String, primary_key=True),
    Column("paused_until", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("posts", JSON, nullable=False),
)

# what only one process may do at a time. token: goes up with each holder; who has a smaller one lost the lease
leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("token", BigInteger, nullable=False),
    # of SQLite: which file the holder has locked; NULL when nobody holds it
    Column("lock_file", String),
)

# what the signals were worth, as it was said at the time: rows are only added, see store/scorecards.py
scorecards = Table(
    "scorecards",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("made", BigInteger, nullable=False),
    # end of the judged period
    Column("until", BigInteger, nullable=False),
    # 1: its verdicts are new (a month's end)
    Column("judged", SmallInteger, nullable=False),
    # live: of told signals; replayed: of a replay over stored history
    Column("source", String, nullable=False),
    # JSON, as it was hashed
    Column("card", String, nullable=False),
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
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
