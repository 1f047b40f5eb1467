"""Which minutes scans have judged, and up to when what was stored was known to them."""

from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, func, select

from coinmon.model.instrument import Pair
from coinmon.model.shard import Shard
from coinmon.model.trades import Ints
from coinmon.store.rows import upsert
from coinmon.store.schema import judged as table


class JudgedMinutes(NamedTuple):
    """moments: those that were judged, ms UTC, ascending. read_until: what was stored later was not known then.

    since: the first moment of which it was written down; nothing is known of those before it. None: of none.
    """

    since: int | None
    moments: Ints
    read_until: Ints


def write_judged(connection: Connection, shard: Shard, moment: int, read_until: int) -> None:
    """This scanner has judged its pairs as of `moment`, perhaps again."""
    upsert(connection, table, [{"time": moment, "shard": str(shard), "read_until": read_until}])


def last_judged(connection: Connection, until: int) -> int | None:
    """The newest moment, not after `until`, as of which any scanner has judged; ms UTC. None: none is written down."""
    return connection.execute(select(func.max(table.c.time)).where(table.c.time <= until)).scalar()


def read_judged(connection: Connection, pair: Pair, start: int, end: int) -> JudgedMinutes:
    """The moments of [start, end) at which a scanner that had the pair judged it."""
    since = connection.execute(select(func.min(table.c.time))).scalar()
    inside = table.c.time >= start, table.c.time < end
    shards = connection.execute(select(table.c.shard).where(*inside).distinct()).scalars()
    having = [each for each in shards if Shard.parse(each).has(pair)]
    query = (
        select(table.c.time, func.max(table.c.read_until))
        .where(*inside, table.c.shard.in_(having))
        .group_by(table.c.time)
        .order_by(table.c.time)
    )
    moments, read_until = np.array([tuple(row) for row in connection.execute(query)], np.int64).reshape(-1, 2).T
    return JudgedMinutes(since, moments, read_until)
