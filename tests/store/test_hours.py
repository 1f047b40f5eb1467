"""What hours say is what their minutes say, bit for bit, whatever was done to the minutes."""

from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, delete, func, select, text, update

import coinmon.store
from coinmon import DAY, Bars, Coverage, Levels
from coinmon.model.bars import COLUMNS
from coinmon.model.moment import HOUR, MINUTE
from coinmon.store import schema
from coinmon.store.bars import read_bars, read_profile, write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import read_instruments, sync_instruments
from coinmon.store.packing import added_up, pack
from coinmon.store.retention import forget

HOURS = 4


@pytest.fixture
def first(plain) -> int:
    """A full hour."""
    return plain.start - plain.start % HOUR


def bars(chance: Random, times, tick: Decimal, lot: str | None) -> Bars:
    """A bar at each time, of any coverage, with levels; amounts are whole lots, or anything where there is no lot."""
    size = chance.randint(1, 5)
    n = len(times)

    def amount():
        return float(chance.randint(0, 99_999) * Decimal(lot)) if lot else chance.random() * 10

    ticks = np.concatenate([sorted(chance.sample(range(100, 120), size)) for _ in range(n)]).astype(np.int64)
    buy, sell = ([amount() for _ in ticks] for _ in range(2))
    levels = Levels(np.arange(n + 1) * size, ticks, np.array(buy), np.array(sell))
    numbers = [np.array([amount() if chance.random() < 0.9 else np.nan for _ in range(n)]) for _ in range(6)]
    prices = [np.array([chance.randint(0, 120) for _ in range(n)], np.int64) for _ in range(4)]
    # mostly of which every trade was seen
    grades = np.array(chance.choices(list(Coverage), (1, 1, 1, 9), k=n), np.uint8)
    counts = np.array([chance.randint(-1, 50) for _ in range(n)], np.int64)
    return Bars(tick, np.array(times), *prices, *numbers[:2], counts, *numbers[2:], grades, levels)


def exactly(found: Bars, profile: Levels):
    """Every bit of it: NaN is NaN, and 0 is not -0."""
    columns = [getattr(found, name) for name in COLUMNS]
    return [each.tobytes() for each in (*columns, profile.start, profile.ticks, profile.buy, profile.sell)]


def compared(database, number, ranges) -> tuple[int, int]:
    """Asserts that reading with hours and without is the same; how many hours, and how many with a profile."""
    with database.read() as connection:
        instrument = read_instruments(connection)[number]
        mine = schema.hours.c.instrument == number
        count = connection.execute(select(func.count(), func.count(schema.hours.c.levels)).where(mine)).one()

    def read(connection):
        return [
            exactly(
                read_bars(connection, number, instrument, *each), read_profile(connection, number, instrument, *each)
            )
            for each in ranges
        ]

    with undone(database) as connection:
        found = read(connection)
        connection.execute(delete(schema.hours))
        assert found == read(connection)
    return count


@contextmanager
def undone(database):
    """A transaction that is killed at its end."""
    with suppress(ZeroDivisionError), database.write() as connection:
        yield connection
        raise ZeroDivisionError


def anything(chance, database, number, first):
    """Write, repair, lose or change some minutes in one of the ways there are, once in a while in vain."""
    whole = undone(database) if chance.random() < 0.15 else database.write()
    what = chance.random()
    if what < 0.1:
        days, levels_days = chance.choice([(DAY, 0.5), (DAY, 2), (2 * DAY, DAY)])
        forget(database, first + chance.randint(0, HOURS * 60) * MINUTE + DAY, days / DAY, levels_days / DAY)
        return
    with whole as connection:
        instrument = read_instruments(connection)[number]
        table = schema.bars
        one = (table.c.instrument == number) & (table.c.time == first + chance.randint(0, HOURS * 60) * MINUTE)
        if what < 0.15:
            # by somebody who knows nothing of hours
            connection.execute(delete(table).where(one))
        elif what < 0.2:
            connection.execute(update(table).where(one).values(volume=chance.random(), levels=None))
        elif what < 0.25 and instrument.tick_size > Decimal("0.0001"):
            sync_instruments(connection, [replace(instrument, tick_size=instrument.tick_size / 2)], first)
        else:
            begin = chance.randint(0, HOURS * 60 - 1)
            end = min(begin + chance.choice([1, 3, 60, 130]), HOURS * 60)
            times = [first + minute * MINUTE for minute in range(begin, end) if chance.random() < 0.98]
            lot = chance.choices(["0.001", "0.01", None], (12, 1, 1))[0]
            fresh = bars(chance, times, instrument.tick_size, lot) if times else Bars.empty(instrument.tick_size)
            write_bars(connection, number, replace(instrument, lot_size=Decimal(lot or "0.001")), fresh)


def test_after_anything_hours_say_what_their_minutes_say(database, plain, first):
    seen = np.zeros(2, np.int64)
    held = 0
    for seed in range(1, 3):
        chance = Random(seed)
        with database.write() as connection:
            fresh = plain.instrument(f"C{seed}/USDT", tick="0.64")
            ((number, _),) = sync_instruments(connection, [fresh], 0).values()
        for _ in range(24):
            anything(chance, database, number, first)
            some = [sorted(first + chance.randint(-1, HOURS * 60 + 1) * MINUTE for _ in "ab") for _ in range(2)]
            count = compared(database, number, [(0, 2**62), *some])
            seen += np.array(count)
            held += count[0] > 0
    # there was something to compare: hours with and without a profile, and times without any
    assert 20 < seen[1] < seen[0]
    assert held < 48


def test_an_hour_is_there_from_its_last_minute_on(database, btc, plain, first):
    number, instrument = btc

    def write(*minutes):
        with database.write() as connection:
            write_bars(
                connection, number, instrument, plain.bars(*(((first - plain.start) // MINUTE) + np.array(minutes)))
            )
            return connection.execute(select(schema.hours.c.time)).scalars().all()

    assert write(*range(59)) == []
    assert write(59) == [first]
    assert write(60, 61) == [first]
    # a repair long after it
    assert write(7) == [first]
    assert write(119) == [first, first + HOUR]


def test_hours_are_what_days_are_read_from(database, btc, plain, first):
    """Else this would all be for nothing: what was put in their place is what is read."""
    number, instrument = btc
    begin = (first - plain.start) // MINUTE
    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(*range(begin, begin + 130), volume=2.0))
        hour = schema.hours.c.time == first
        levels = plain.bars(0, volume=400.0).levels
        (packed,) = pack(levels, instrument.tick_size, instrument.lot_size)
        other = select(schema.hours.c.bars).where(schema.hours.c.time == first + HOUR).scalar_subquery()
        connection.execute(update(schema.hours).where(hour).values(levels=packed, bars=other))
    history = History(database)
    assert history.profile(instrument, first, first + 130 * MINUTE).buy.tolist() == [200 + 70, 100 + 35]
    # an hour that is not wholly asked for is read by the minute
    assert history.profile(instrument, first + MINUTE, first + 119 * MINUTE).buy.tolist() == [118, 59]
    found = history.bars(instrument, first, first + 120 * MINUTE)
    assert found.time[0] == first + HOUR
    assert history.bars(instrument, first, first + 59 * MINUTE).time[0] == first
    assert history.bars(instrument, first, first + 120 * MINUTE, levels=True).time[0] == first


def test_a_database_of_before_has_hours_of_what_is_written_to_it(url, plain, first):
    """0004 gave it hours and the triggers; what it has is read by the minute until something is written there."""
    config = Config()
    config.set_main_option("script_location", ScriptDirectory(str(coinmon.store.__path__[0]) + "/migrations").dir)
    engine = create_engine(url)
    instrument = plain.instrument()
    begin = (first - plain.start) // MINUTE
    old = plain.bars(*range(begin, begin + 180))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        # the columns that there were
        row = {each: str(getattr(instrument, each)) for each in ("tick_size", "lot_size", "contract_size")}
        row |= {each: getattr(instrument, each) for each in ("venue", "kind", "base", "quote", "native_id", "symbol")}
        made = connection.execute(schema.instruments.insert().values(**row, first_seen=0))
        (number,) = made.inserted_primary_key
        columns = zip(*(getattr(old, name).tolist() for name in COLUMNS), strict=True)
        packed = pack(old.levels, instrument.tick_size, instrument.lot_size)
        rows = [
            dict(zip(COLUMNS, row, strict=True), instrument=number, levels=blob)
            for row, blob in zip(columns, packed, strict=True)
        ]
        connection.execute(schema.bars.insert(), rows)
    engine.dispose()
    opened = open_database(url)
    everything = [(0, 2**62), (first + MINUTE, first + 2 * HOUR)]
    assert compared(opened, number, everything) == (0, 0)
    with opened.read() as connection:
        assert exactly(read_bars(connection, number, instrument, 0, 2**62), Levels.empty(1)) == exactly(
            old, Levels.empty(1)
        )
        assert read_profile(connection, number, instrument, 0, 2**62).buy.tolist() == [180, 90]
    with opened.write() as connection:
        write_bars(connection, number, instrument, plain.bars(begin + 70, begin + 130, volume=8.0))
    assert compared(opened, number, everything) == (2, 2)
    with opened.write() as connection:
        connection.execute(text(f"DELETE FROM bars WHERE time = {first + 150 * MINUTE}"))
    assert compared(opened, number, everything) == (1, 1)
    with opened.write() as connection:
        write_bars(connection, number, instrument, plain.bars(begin + 179))
    assert compared(opened, number, everything) == (2, 2)
    # as a coinmon of before writes that still runs
    with opened.write() as connection:
        connection.execute(schema.bars.insert(), rows[150])
    assert compared(opened, number, everything) == (1, 1)
    opened.close()


def test_levels_that_were_dropped_do_not_come_back(database, btc, plain, first):
    number, instrument = btc
    begin = (first - plain.start) // MINUTE
    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(*range(begin, begin + 120)))
    assert compared(database, number, [(0, 2**62)]) == (2, 2)
    forget(database, first + 90 * MINUTE + DAY, days=2, levels_days=1)
    assert compared(database, number, [(0, 2**62)]) == (0, 0)
    history = History(database)
    assert history.profile(instrument, 0, 2**62).buy.tolist() == [30, 15]
    assert (history.bars(instrument, 0, 2**62).coverage == Coverage.TRADES).sum() == 30
    # and of a minute that is written again those of that minute only
    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(begin + 2))
    assert history.profile(instrument, 0, 2**62).buy.tolist() == [31, 15.5]
    assert compared(database, number, [(0, 2**62)]) == (1, 1)
    # nor do bars
    forget(database, first + 30 * MINUTE + DAY, days=1, levels_days=1)
    assert len(history.bars(instrument, 0, 2**62)) == 90


def test_reading_writes_nothing(database, btc, plain, first):
    number, instrument = btc
    begin = (first - plain.start) // MINUTE
    with database.write() as connection:
        write_bars(connection, number, instrument, plain.bars(*range(begin, begin + 60)))
        connection.execute(delete(schema.hours))
    History(database).profile(instrument, first, first + HOUR)
    History(database).bars(instrument, first, first + HOUR)
    assert compared(database, number, [(0, 2**62)]) == (0, 0)


def test_amounts_that_are_not_whole_lots_are_added_in_the_order_of_time():
    """The sums of floats depend on the order, and on nothing else that is asked for."""
    tick, lot, chance = Decimal("0.01"), Decimal("0.001"), Random(1)
    amounts = [chance.random() for _ in range(2000)]
    one = np.array([0, 1])
    blobs = [pack(Levels(one, np.array([7]), np.array([each]), np.array([0.5])), tick, lot)[0] for each in amounts]
    total = 0.0
    for each in amounts:
        total += each
    assert added_up(blobs, tick).buy.tolist() == [total]
    # others between them move none of them
    whole = pack(Levels(one, np.array([8]), np.array([0.25]), np.array([0.5])), tick, lot)[0]
    mixed = [each for blob in blobs for each in (blob, whole)]
    assert added_up(mixed, tick).buy.tolist() == [total, 500]
