"""Which minutes of a time range are stored already, and where the gaps are."""

from itertools import pairwise

from sqlalchemy import case, func, select

from coinmon.model.bars import Coverage
from coinmon.model.moment import MINUTE
from coinmon.store.database import Database
from coinmon.store.schema import bars, funding, open_interest

_NEARBY = 500 * MINUTE
"""Gaps less apart than this are asked for together: one request covers them."""
_STEPS = {"open_interest": 10 * MINUTE, "funding": 8 * 60 * MINUTE + MINUTE}
"""The longest time between two samples where none is missing; settlements are some milliseconds late."""


def counts(database: Database, number: int, start: int, end: int) -> dict[Coverage, int]:
    """Minutes of [start, end) by coverage; those that are not stored are missing."""
    query = (
        select(bars.c.coverage, func.count())
        .where(bars.c.instrument == number, bars.c.time >= start, bars.c.time < end)
        .group_by(bars.c.coverage)
    )
    with database.read() as connection:
        found = {Coverage(row[0]): int(row[1]) for row in connection.execute(query)}
    found[Coverage.MISSING] = max(0, (end - start) // MINUTE - sum(found.values()))
    return found


def is_complete(database: Database, number: int, start: int, end: int, *, levels: bool) -> bool:
    """Whether every minute has its taker split, and, where `levels` are wanted, most of them those.

    Where trades and klines disagree the klines stand, so a few minutes of a whole day are always without levels.
    """
    found = counts(database, number, start, end)
    whole = not found[Coverage.MISSING] and not found.get(Coverage.PARTIAL)
    return whole and (not levels or found.get(Coverage.TRADES, 0) * 2 >= (end - start) // MINUTE)


def sample_gaps(database: Database, number: int, what: str, start: int, end: int) -> list[tuple[int, int]]:
    """Stretches of [start, end) without samples that are too long to be a pause. what: open_interest or funding."""
    table = funding if what == "funding" else open_interest
    query = select(table.c.time).where(table.c.instrument == number, table.c.time >= start, table.c.time < end)
    with database.read() as connection:
        times = connection.execute(query.order_by(table.c.time)).scalars().all()
    return [(a, b) for a, b in pairwise([start, *times, end]) if b - a > _STEPS[what]]


def gaps(database: Database, number: int, start: int, end: int, *, partial_since: int) -> list[tuple[int, int]]:
    """Stretches of [start, end) to be asked for again: not stored, or partly known and not before `partial_since`."""
    enough = case((bars.c.time >= partial_since, Coverage.KLINES), else_=Coverage.PARTIAL)
    query = select(bars.c.time).where(
        bars.c.instrument == number, bars.c.time >= start, bars.c.time < end, bars.c.coverage >= enough
    )
    with database.read() as connection:
        times = connection.execute(query.order_by(bars.c.time)).scalars().all()
    found: list[tuple[int, int]] = []
    at = start
    for time in [*times, end]:
        if time > at:
            if found and at - found[-1][1] < _NEARBY:
                found[-1] = (found[-1][0], time)
            else:
                found.append((at, time))
        at = time + MINUTE
    return found
