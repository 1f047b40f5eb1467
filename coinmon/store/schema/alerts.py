"""What is told, to whom, and what it was worth."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from coinmon.store.schema.columns import metadata, where

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
    Index("signals_lasting", "key", **where("ended IS NULL")),
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
    Index("deliveries_waiting", "output", "next_attempt", **where("state = 'waiting'")),
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
