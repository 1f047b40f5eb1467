"""Open interest, funding, whale trades and positions: in, out, replayed, and forgotten in time."""

from dataclasses import replace

import pytest

from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade
from coinmon.model.moment import DAY
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.cursors import Position, read_positions, write_positions
from coinmon.store.history import History
from coinmon.store.retention import forget
from coinmon.store.samples import (
    read_funding,
    read_open_interest,
    read_whales,
    write_samples,
    write_series,
    write_whales,
)

WHALE = WhaleTrade("acme:BTC/USDT", 2**62 + 1, 1000, -1, 1.03, 2e5, 206_000.0, 3)


def test_samples_of_one_moment_are_one_row_and_unknown_stays_unknown(database, btc):
    number, _ = btc
    first, second = OpenInterest(1000, 5.0, None), OpenInterest(2000, 6.0, 6e5)
    rate = Funding(1000, -0.0001, None, None, 1.01, 1.0)
    with database.write() as connection:
        for _ in range(2):
            write_samples(connection, {number: first})
            write_samples(connection, {number: second})
            write_samples(connection, {number: rate})
        write_samples(connection, {number: replace(second, base=7.0)})
    with database.read() as connection:
        assert read_open_interest(connection, number, 0, 3000) == [first, replace(second, base=7.0)]
        assert read_open_interest(connection, number, 1000, 2000) == [first]
        assert read_funding(connection, number, 0, 3000) == [rate]
        assert read_funding(connection, number + 1, 0, 3000) == []


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 1e300, -1.0])
def test_a_figure_that_is_no_number_costs_itself(database, btc, odd):
    number, now = btc[0], 20_000 * DAY
    sound, rate = OpenInterest(now, 5.0), Funding(now, 0.0001, None, None, 1.01, 1.0)
    samples = [replace(sound, base=odd), replace(sound, time=now // 1000), replace(sound, time=now * 1000)]
    with database.write() as connection:
        for each in samples:
            write_samples(connection, {number: each})
        write_series(connection, number, [*samples, sound], 0)
        write_samples(connection, {number: replace(rate, next_time=2**63)})
        if odd != -1.0:
            write_samples(connection, {number: replace(rate, rate=odd)})
            write_series(connection, number, [replace(rate, mark=odd, index=odd)], 0)
    with database.read() as connection:
        assert read_open_interest(connection, number, 0, 2**62) == [sound]
        expected = rate if odd == -1.0 else replace(rate, mark=None, index=None)
        assert read_funding(connection, number, 0, 2**62) == [expected]


def test_a_whale_is_told_once_and_grows_with_its_fills(database, btc):
    number, instrument = btc
    with database.write() as connection:
        write_whales(connection, {instrument.id: number}, [WHALE])
        write_whales(connection, {instrument.id: number}, [replace(WHALE, base=3e5, fills=4)])
    with database.read() as connection:
        assert read_whales(connection, number, instrument.id, 0, 1001) == [replace(WHALE, base=3e5, fills=4)]
        assert read_whales(connection, number, instrument.id, 0, 1000) == []


def test_an_order_that_a_file_numbers_otherwise_is_one_whale(database, btc):
    number, instrument = btc
    other = replace(WHALE, trade_id=7, fills=5)
    beside = [replace(WHALE, trade_id=8, side=1), replace(WHALE, trade_id=9, time=1001)]
    with database.write() as connection:
        write_whales(connection, {instrument.id: number}, [WHALE, *beside])
        write_whales(connection, {instrument.id: number}, [other])
        write_whales(connection, {instrument.id: number}, [])
    with database.read() as connection:
        found = read_whales(connection, number, instrument.id, 0, 2000)
        assert {(each.trade_id, each.time, each.side, each.fills) for each in found} == {
            (each.trade_id, each.time, each.side, each.fills) for each in (other, *beside)
        }


def test_positions_are_the_last_ones_written(database, btc):
    number, _ = btc
    with database.write() as connection:
        write_positions(connection, {number: Position(None, 60_000)})
        write_positions(connection, {number: Position(2**62 + 1, 120_000)})
        write_positions(connection, {})
    with database.read() as connection:
        assert read_positions(connection) == {number: Position(2**62 + 1, 120_000)}


def test_what_is_older_than_it_is_kept_is_forgotten(database, btc, plain):
    number, instrument = btc
    now = plain.start + 7 * DAY + plain.minute
    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(0, 1, 2))
        for at in (plain.start, now):
            write_samples(connection, {number: OpenInterest(at, 5.0, None)})
            write_samples(connection, {number: Funding(at, 0.1, None, None, None, None)})
            write_whales(connection, {instrument.id: number}, [replace(WHALE, trade_id=at, time=at)])
        write_positions(connection, {number: Position(1, plain.start)})
    forget(database, now, 7, 7)
    with database.read() as connection:
        left = read_bars(connection, number, instrument, 0, 2**62)
        assert ((left.time - plain.start) // plain.minute).tolist() == [1, 2]
        assert [each.time for each in read_open_interest(connection, number, 0, 2**62)] == [now]
        assert [each.time for each in read_funding(connection, number, 0, 2**62)] == [now]
        assert [each.time for each in read_whales(connection, number, instrument.id, 0, 2**62)] == [now]
        assert read_positions(connection)


@pytest.mark.parametrize("read", ["bars", "open_interest", "funding", "whale_trades"])
def test_the_history_of_what_was_never_stored_is_empty(database, plain, read):
    assert len(getattr(History(database), read)(plain.instrument("NEW/USDT"), 0, 2**62)) == 0


def test_the_history_knows_what_has_bars_and_from_when_to_when(database, btc, plain):
    number, instrument = btc
    assert History(database).with_bars() == []
    assert History(database).span(instrument) is None
    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(2, 5))
    assert History(database).with_bars() == [instrument]
    assert History(database).span(instrument) == (plain.start + 2 * plain.minute, plain.start + 6 * plain.minute)
