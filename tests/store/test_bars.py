"""Bars in and out: replaying is harmless, and what was seen better is kept."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import func, select

from coinmon.model.bars import COLUMNS, Bars, Coverage
from coinmon.store import schema
from coinmon.store.bars import read_bars, read_sums, write_bars
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments


@pytest.fixture
def write(database, btc):
    def run(bars):
        with database.write() as connection:
            write_bars(connection, *btc, bars)

    return run


@pytest.fixture
def stored(database, btc):
    number, instrument = btc

    def run(start=0, end=2**62, levels=True):
        with database.read() as connection:
            return read_bars(connection, number, instrument, start, end, levels=levels)

    return run


def rows(bars):
    columns = [np.nan_to_num(getattr(bars, name).astype(float), nan=-7.0).tolist() for name in COLUMNS]
    levels = bars.levels
    held = [
        (levels.ticks[a:b].tolist(), levels.buy[a:b].tolist(), levels.sell[a:b].tolist())
        for a, b in zip(levels.start[:-1], levels.start[1:], strict=True)
    ]
    return list(zip(*columns, held, strict=True))


def test_what_goes_in_comes_out(write, stored, plain):
    bars = Bars.concat([plain.bars(0, 1, 5), Bars.missing(plain.bars(6).tick_size, plain.bars(6).time)])
    write(bars)
    assert rows(stored()) == rows(bars)
    assert stored(levels=False).levels is None


def test_the_same_bars_twice_are_the_same_rows(write, stored, database, plain):
    for _ in range(3):
        write(plain.bars(*range(10)))
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.bars)).scalar() == 10
    assert rows(stored()) == rows(plain.bars(*range(10)))


@pytest.mark.parametrize("old", Coverage)
@pytest.mark.parametrize("new", Coverage)
def test_the_better_account_of_a_minute_stays(write, stored, plain, old, new):
    write(plain.bars(0, volume=1.0, coverage=old))
    write(plain.bars(0, volume=9.0, coverage=new))
    (row,) = rows(stored())
    assert (row[COLUMNS.index("volume")], row[COLUMNS.index("coverage")]) == ((9.0, new) if new >= old else (1.0, old))
    assert row[-1][1][0] == (4.5 if new >= old else 0.5)


def test_a_range_is_half_open_and_in_time_order(write, stored, plain):
    write(plain.bars(5, 3, 4, 1))
    found = stored(plain.start + plain.minute, plain.start + 5 * plain.minute)
    assert ((found.time - plain.start) // plain.minute).tolist() == [1, 3, 4]


def test_a_profile_adds_up_the_minutes_of_which_every_trade_was_seen(write, database, plain, btc):
    write(Bars.concat([plain.bars(0, 1, 2), plain.bars(3, coverage=Coverage.PARTIAL), plain.bars(9, price=101)]))
    profile = History(database).profile(btc[1], plain.start + plain.minute, plain.start + 10 * plain.minute)
    # of minutes 1, 2 and 9
    assert profile.start.tolist() == [0, 4]
    assert profile.ticks.tolist() == [100, 101, 103, 104]
    assert profile.buy.tolist() == [2.0, 1.0, 1.0, 0.5]
    assert profile.sell.tolist() == [0.0, 0.0, 1.0, 0.5]
    assert not len(History(database).profile(btc[1], 0, plain.start).ticks)
    assert not len(History(database).profile(plain.instrument("NO/ONE"), 0, 2**62).ticks)


def test_of_several_instruments_each_is_read_alone(database, plain):
    with database.write() as connection:
        numbered = sync_instruments(connection, [plain.instrument(f"C{number}/USDT") for number in range(3)], 0)
        for place, (number, instrument) in enumerate(numbered.values()):
            write_bars(connection, number, instrument, plain.bars(0, volume=float(place + 4)))
    with database.read() as connection:
        found = [read_bars(connection, *each, 0, 2**62) for each in numbered.values()]
    assert [bars.volume.tolist() for bars in found] == [[4], [5], [6]]


def test_a_finer_price_grid_changes_no_price(write, stored, database, btc, plain):
    write(plain.bars(0, price=100))
    with database.write() as connection:
        finer = replace(plain.instrument(), tick_size=plain.instrument("X/Y", tick="0.004").tick_size)
        ((number, instrument),) = sync_instruments(connection, [finer], 1).values()
        assert str(instrument.tick_size) == "0.002"
        assert instrument.first_seen == plain.start
        found = read_bars(connection, number, instrument, 0, 2**62, levels=True)
    assert found.price(found.open).tolist() == [1.0]
    assert found.price(found.levels.ticks).tolist() == [1.0, 1.03]


def test_a_finer_grid_of_one_is_nothing_to_another(write, database, btc, plain):
    write(plain.bars(0, price=100))
    with database.write() as connection:
        others = [plain.instrument(f"{base}/USDT") for base in ("ETH", "SOL")]
        numbered = sync_instruments(connection, others, plain.start)
        for number, instrument in numbered.values():
            write_bars(connection, number, instrument, plain.bars(0, price=100))
        sync_instruments(connection, [plain.instrument("ETH/USDT", tick="0.001")], 1)
        every = {1: plain.instrument(), **dict(numbered.values())}
        opens = {number: read_bars(connection, number, each, 0, 2**62).open.tolist() for number, each in every.items()}
    assert list(opens.values()) == [[100], [1000], [100]]


def test_a_coarser_tick_keeps_the_finer_grid(database, btc, plain):
    with database.write() as connection:
        ((_, instrument),) = sync_instruments(connection, [plain.instrument(tick="0.1")], 1).values()
    assert str(instrument.tick_size) == "0.01"


def test_the_sums_of_a_stretch_are_of_its_minutes_alone(database, btc, plain, write):
    write(plain.bars(0, 1, price=100))
    write(plain.bars(2, 3, 4, price=200))
    start, end = plain.start + plain.minute, plain.start + 3 * plain.minute
    with database.read() as connection:
        (count, *sums) = read_sums(connection, start, end)[btc[0]]
        names = (schema.bars.c.known_at, schema.bars.c.coverage, schema.bars.c.trades, schema.bars.c.close)
        rows = connection.execute(select(*names).where(schema.bars.c.time.in_([start, start + plain.minute]))).all()
    assert count == 2
    assert sums == [sum(each or 0 for each in column) for column in zip(*rows, strict=True)]
