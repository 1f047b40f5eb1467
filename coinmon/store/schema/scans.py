"""What scanners have read and judged, and which of them may."""

from sqlalchemy import BigInteger, Column, String, Table

from coinmon.store.schema.columns import instrument, metadata

cursors = Table(
    "cursors",
    metadata,
    instrument(),
    # every trade of the minutes before `next_minute` is in the bars; `last_id` is the last of those trades
    Column("last_id", BigInteger),
    Column("next_minute", BigInteger, nullable=False),
)

# the minutes that a scan judged. read_until: what was stored later, it did not know
judged = Table(
    "judged",
    metadata,
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    Column("shard", String, primary_key=True),
    Column("read_until", BigInteger, nullable=False),
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
