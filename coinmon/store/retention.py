"""Deleting what is older than its retention period."""

from sqlalchemy import ColumnElement, Connection, Table, case, delete, select, update

from coinmon.model.bars import Coverage
from coinmon.model.moment import DAY
from coinmon.store import schema
from coinmon.store.database import Database
from coinmon.store.deliveries import forget_deliveries
from coinmon.store.rows import count_as_rewritten, upsert
from coinmon.store.samples import newest_times

_BARS = schema.bars, schema.hours, schema.whale_trades, schema.superseded_bars, schema.superseded_whale_trades
_SAMPLES = (
    schema.open_interest, schema.funding, schema.depth, schema.heatmap, schema.liquidations,
    schema.liquidations_heard, schema.superseded_open_interest, schema.superseded_funding,
)  # fmt: skip

_MAX_AHEAD_MS = DAY
"""A clock that is further ahead of the newest stored bar than that is not believed."""


REACH_DAYS, LEVELS_REACH_DAYS, SAMPLES_REACH_DAYS = 15, 2, 2
"""How far back minutes, their levels and samples are looked at by what a scan keeps from one cycle to the next: it is
not wrong because of older ones that are deleted."""


def forget(
    database: Database, now: int, days: int, levels_days: int, since: int = 0, *, samples_days: int | None = None
) -> int:
    """Delete market data older than `days`, and the levels, which are most of a bar, of bars older than `levels_days`.

    samples_days: for open interest, funding, books and liquidations; None: `days`. What a user brought on
    purpose (`keep`) stays, levels and all.

    A bar without its levels is what a kline with the taker split is, and says so. Signals and their deliveries stay,
    they are the record of what was said. Returns the time before which no bar has levels now; given to the next call
    as `since`, that one looks only at what has become old meanwhile.

    The age is counted from the newest bar or whale, whose times are the venues', where that is older than a day: a
    clock that is ahead makes nothing old.
    """
    with database.write() as connection:
        now = _not_ahead(connection, now)
        sampled_days = days if samples_days is None else samples_days
        for tables, kept_days in ((_BARS, days), (_SAMPLES, sampled_days)):
            for table in tables:
                connection.execute(delete(table).where(table.c.time < now - kept_days * DAY, ~_is_kept(table)))
        connection.execute(delete(schema.judged).where(schema.judged.c.time < now - days * DAY))
        if days < REACH_DAYS or sampled_days < SAMPLES_REACH_DAYS:
            count_as_rewritten(connection)
        instruments = connection.execute(select(schema.instruments.c.id)).scalars().all()
    if levels_days >= days:
        return since
    until = now - levels_days * DAY
    for number in instruments:
        # one at a time: a scan that waits to write waits for one instrument, not for all
        with database.write() as connection:
            for table in (schema.bars, schema.superseded_bars):
                _drop_levels(connection, table, number, since, until)
            if levels_days < LEVELS_REACH_DAYS:
                count_as_rewritten(connection, number)
    return until


def _not_ahead(connection: Connection, now: int) -> int:
    ends = [end for table in (schema.bars, schema.whale_trades) for end in newest_times(connection, table).values()]
    return min(now, max(ends) + _MAX_AHEAD_MS) if ends else now


def _drop_levels(connection: Connection, bars: Table, number: int, since: int, until: int) -> None:
    compacted = {
        "levels": None,
        "coverage": case((bars.c.coverage == Coverage.TRADES, int(Coverage.KLINES)), else_=bars.c.coverage),
    }
    old = (bars.c.instrument == number) & bars.c.time.between(since, until - 1) & bars.c.levels.is_not(None)
    connection.execute(update(bars).where(old, ~_is_kept(bars)).values(compacted))


def keep(connection: Connection, number: int, start: int, end: int) -> None:
    """History of [start, end) was brought on purpose: no scan deletes it."""
    kept = schema.kept
    known = select(kept.c.start).where(kept.c.instrument == number, kept.c.start <= start, kept.c.end >= end)
    if connection.execute(known).first() is None:
        upsert(connection, kept, [{"instrument": number, "start": start, "end": end}])


def _is_kept(table: Table) -> ColumnElement[bool]:
    kept = schema.kept
    within = (kept.c.instrument == table.c.instrument) & (kept.c.start <= table.c.time) & (table.c.time < kept.c.end)
    return select(kept.c.start).where(within).exists()


def forget_told(database: Database, now: int, days: int) -> None:
    """Delete how messages were delivered of signals older than `days`; what still waits stays, and so do signals."""
    more = 1
    while more:
        with database.write() as connection:
            more = forget_deliveries(connection, _not_ahead(connection, now) - days * DAY)
