"""Aggregates of 100 ms that straddle a minute's end, against the fills that they are sums of."""

import random
from dataclasses import replace

import numpy as np
import pytest

from coinmon import Coverage, TradePage, Trades
from coinmon.collect.track.persist import persist
from coinmon.collect.track.split_at_minute import split_at_minute
from coinmon.collect.track.track import Track
from coinmon.model.fold import fold
from coinmon.store.bars import read_bars
from coinmon.store.cursors import read_positions
from coinmon.store.instruments import sync_instruments

MINUTES = 6


def fills(plain, seed):
    """Orders that fill over some 90 ms, many of them across a minute's end."""
    die = random.Random(seed)
    rows, price = [], 1000
    for minute in range(MINUTES):
        for at in [*sorted(die.sample(range(1000, 59_000, 200), 5)), die.choice((59_930, 59_950, 59_990))]:
            price, side = price + die.choice((-2, -1, 1, 2)), die.choice((1, -1))
            for part in sorted(die.randrange(90) for _ in range(die.randrange(1, 6))):
                rows.append((plain.start + minute * plain.minute + at + part, price, die.randrange(1, 40) / 4, side))
    end = plain.start + MINUTES * plain.minute
    rows = [row for row in rows if row[0] < end]
    time, ticks, qty, side = (np.array(column) for column in zip(*rows, strict=True))
    return Trades(np.arange(1, len(rows) + 1), time, ticks, qty, side.astype(np.int8))


def aggregated(trades):
    """One row for a price and side, with the first fill's time."""
    starts = np.flatnonzero((np.diff(trades.ticks, prepend=0) != 0) | (np.diff(trades.side, prepend=0) != 0))
    sums = np.add.reduceat(trades.qty, starts)
    return Trades(np.arange(1, len(starts) + 1), trades.time[starts], trades.ticks[starts], sums, trades.side[starts])


def same(bars, expected):
    for name in ("time", "open", "high", "low", "close", "volume", "quote_volume", "buy", "buy_quote", "delta_min"):
        assert getattr(bars, name).tolist() == getattr(expected, name).tolist(), name
    for name in ("start", "ticks", "buy", "sell"):
        assert getattr(bars.levels, name).tolist() == getattr(expected.levels, name).tolist(), name


def test_each_fill_is_in_its_minute(plain):
    instrument, straddling = plain.instrument(), 0
    for seed in range(30):
        exact = fills(plain, seed)
        rows, expected = aggregated(exact), fold(exact, instrument)
        within, carry = split_at_minute(rows, expected.with_coverage(Coverage.KLINES), instrument)
        straddling += len(within) - len(rows)
        assert not len(carry)
        same(fold(within, instrument), expected)
    assert straddling > 30


@pytest.mark.parametrize("seed", range(5))
def test_a_track_carries_the_rest_into_the_next_minute(plain, seed):
    instrument, exact = plain.instrument(), fills(plain, seed)
    rows, expected = aggregated(exact), fold(exact, instrument)
    track, found = Track(instrument, 1, plain.start), []
    for number in range(MINUTES):
        end = plain.start + (number + 1) * plain.minute
        arrived = rows[(rows.time >= end - plain.minute) & (rows.time < end)]
        track.take(TradePage(arrived, joined=True), end)
        track.klines = expected[number : number + 1].with_coverage(Coverage.KLINES)
        settled = track.settle(end, 1e9)
        found.append(settled.bars)
        track.advance(settled)
    for number, bars in enumerate(found):
        assert bars.coverage.tolist() == [Coverage.TRADES]
        same(bars, replace(expected[number : number + 1]))


def test_what_straddles_a_minutes_end_survives_a_restart(plain, database):
    """A new process after every minute: it reads on from what is stored, with that minute's beginning."""
    with database.write() as connection:
        ((number, instrument),) = sync_instruments(connection, [plain.instrument()], 0).values()
    exact = fills(plain, 5)
    rows, expected = aggregated(exact), fold(exact, instrument)
    moved = 0
    for minute in range(MINUTES):
        end = plain.start + (minute + 1) * plain.minute
        with database.read() as connection:
            position = read_positions(connection).get(number)
        track = Track.resume(instrument, number, position, plain.start)
        moved += track.start == plain.start + minute * plain.minute
        known = track.boundary_id or 0
        track.take(TradePage(rows[(rows.id > known) & (rows.time < end)], joined=True), end)
        track.klines = expected[expected.time < end].with_coverage(Coverage.KLINES)
        persist(database, [track], end, 1e9)
    assert 1 < moved < MINUTES  # some minutes begin with the rest of a trade, and some do not
    with database.read() as connection:
        found = read_bars(connection, number, instrument, 0, 2**62, levels=True)
    assert set(found.coverage.tolist()) == {Coverage.TRADES}
    same(found, expected)


def test_what_is_too_much_for_another_reason_stays(plain):
    instrument = plain.instrument()

    def straddling(within):
        """Minutes whose last trade goes on in the next."""
        minute = (within.time - plain.start) // plain.minute
        return {at for at in range(MINUTES) if set(within.id[minute == at]) & set(within.id[minute == at + 1])}

    for seed in range(20):
        rows, expected = aggregated(exact := fills(plain, seed)), fold(exact, instrument)
        truly = straddling(split_at_minute(rows, expected.with_coverage(Coverage.KLINES), instrument)[0])
        if {1, 2} <= truly:
            break
    short = expected.volume.copy()
    short[2] -= 0.25
    klines = replace(expected, volume=short).with_coverage(Coverage.KLINES)
    within, _ = split_at_minute(rows, klines, instrument)
    assert straddling(within) == truly - {2, 3}
    unknown = replace(klines, volume=np.full(MINUTES, np.nan))
    assert split_at_minute(rows, unknown, instrument)[0] is rows
    backwards = rows[np.arange(len(rows))[::-1]]
    assert split_at_minute(backwards, klines, instrument)[0] is backwards
