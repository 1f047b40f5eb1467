"""Levels go before bars do, and a bar without its levels does not say that it has them."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import select

from coinmon import DAY, MINUTE, Coverage, Instrument, Trades
from coinmon.model.fold import fold
from coinmon.store import schema
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.instruments import sync_instruments
from coinmon.store.retention import forget, keep
from coinmon.store.rows import read_rewritten

NOW = 1_768_435_200_000


@pytest.fixture
def filled(database):
    """Bars 9 and 8 days, 2 days and a minute old."""
    btc = Instrument("binance", "spot", "BTC", "USDT", "BTCUSDT", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))
    now = NOW
    times = np.array([now - 9 * DAY, now - 8 * DAY + MINUTE, now - 2 * DAY, now - MINUTE])
    four = np.ones(4, np.int64)
    trades = Trades(np.arange(4), times, 100 * four, 0.5 * four, four.astype(np.int8))
    with database.write() as connection:
        number, btc = sync_instruments(connection, [btc], now)[btc.id]
        write_bars(connection, number, btc, fold(trades, btc))

    def read():
        with database.read() as connection:
            return read_bars(connection, number, btc, 0, now, levels=True)

    return times, read


def test_levels_are_dropped_before_bars(database, filled):
    times, read = filled
    forget(database, NOW, days=9, levels_days=2)
    bars = read()
    assert bars.time.tolist() == [time - time % MINUTE for time in times.tolist()]
    assert bars.volume.tolist() == [0.5] * 4
    assert bars.coverage.tolist() == [Coverage.KLINES] * 2 + [Coverage.TRADES] * 2
    assert np.diff(bars.levels.start).tolist() == [0, 0, 1, 1]


def test_a_clock_that_is_years_ahead_makes_nothing_old(database, filled):
    """All history was deleted when a machine began with a wrong date."""
    times, read = filled
    assert forget(database, NOW + 3650 * DAY, days=30, levels_days=12) <= NOW
    assert len(read()) == len(times)
    assert np.diff(read().levels.start).tolist() == [1, 1, 1, 1]


def test_a_later_run_looks_only_at_what_became_old_since(database, filled):
    _, read = filled
    since = forget(database, NOW, days=30, levels_days=9)
    assert since == NOW - 9 * DAY
    assert np.diff(read().levels.start).tolist() == [1, 1, 1, 1]
    # what is older was looked at, and is not looked at again
    assert forget(database, NOW, days=30, levels_days=2, since=NOW - 8 * DAY) == NOW - 2 * DAY
    assert np.diff(read().levels.start).tolist() == [1, 0, 1, 1]
    assert forget(database, NOW, days=30, levels_days=30, since=7) == 7


def test_history_that_was_brought_on_purpose_stays_with_its_levels(database, filled):
    times, read = filled
    with database.write() as connection:
        keep(connection, 1, NOW - 9 * DAY, NOW - 8 * DAY)
        keep(connection, 1, NOW - 9 * DAY, NOW - 8 * DAY)
    forget(database, NOW, days=3, levels_days=1)
    bars = read()
    assert bars.time.tolist() == [time - time % MINUTE for time in times.tolist() if time != times[1]]
    assert bars.coverage.tolist() == [Coverage.TRADES, Coverage.KLINES, Coverage.TRADES]


def test_a_row_knows_when_it_was_known_and_history_when_it_was_corrected(database, btc, plain):
    number, instrument = btc

    def known():
        with database.read() as connection:
            return list(connection.execute(select(schema.bars.c.known_at).order_by(schema.bars.c.time)).scalars())

    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(0, 1), known_at=500)
        # the same again, later: it was known before
        write_bars(connection, number, instrument, plain.bars(0, 1), known_at=900)
    assert known() == [500, 500]
    with database.write() as connection:
        changed = plain.bars(1, 2)
        write_bars(connection, number, instrument, replace(changed, volume=changed.volume + 1), changed_at=1000)
    assert known() == [500, 1000, None]


@pytest.mark.parametrize(("samples_days", "left"), [(None, [9, 2, 1]), (2, [2, 1]), (30, [20, 9, 2, 1])])
def test_samples_have_an_age_of_their_own(database, filled, samples_days, left):
    times, read = filled
    funding = schema.funding
    with database.write() as connection:
        rows = [{"instrument": 1, "time": NOW - day * DAY, "rate": 0.0001} for day in (20, 9, 2, 1)]
        connection.execute(funding.insert(), rows)
    forget(database, NOW, days=9, levels_days=9, samples_days=samples_days)
    with database.read() as connection:
        found = connection.execute(select(funding.c.time).order_by(funding.c.time)).scalars().all()
    assert [(NOW - time) // DAY for time in found] == left
    assert len(read().time) == len(times), "bars keep theirs"


def test_what_was_brought_on_purpose_may_reach_further_the_next_time(database, filled):
    times, read = filled
    for end in (NOW - 9 * DAY + MINUTE, NOW - 7 * DAY):
        with database.write() as connection:
            keep(connection, 1, NOW - 9 * DAY, end)
    forget(database, NOW, days=1, levels_days=1)
    assert read().time.tolist() == [time - time % MINUTE for time in times.tolist() if time != times[2]]


@pytest.mark.parametrize(("days", "samples_days", "counts"), [(15, None, 0), (14, None, 1), (15, 1, 1), (15, 2, 0)])
def test_what_a_scan_keeps_of_a_market_goes_where_it_may_be_older_than_what_is_stored(
    database, filled, days, samples_days, counts
):
    with database.read() as connection:
        before = read_rewritten(connection)
    forget(database, NOW, days=days, levels_days=days, samples_days=samples_days)
    with database.read() as connection:
        assert read_rewritten(connection) == {number: count + counts for number, count in before.items()}
