"""What a row said before it was stored otherwise stays, for replays of what was known."""

import random
from dataclasses import replace

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, func, select, text

from coinmon import Coverage
from coinmon.evaluate.known import KnownThen
from coinmon.model.derivatives import Funding, OpenInterest, WhaleTrade
from coinmon.model.instrument import Pair
from coinmon.model.moment import DAY, MINUTE
from coinmon.store import schema
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import sync_instruments
from coinmon.store.retention import forget
from coinmon.store.samples import write_samples, write_series, write_whales

from .test_versions import VERSIONS

MINUTES = 12


def whale(instrument, id, time, side=1, base=5.0):
    return WhaleTrade(instrument.id, id, time, side, 1.0, base, base, 2)


class Told:
    """By hand: the state of each key since when, and of the newest states those that are not gone."""

    def __init__(self):
        self.states = {}

    def tell(self, key, at, state):
        self.states.setdefault(key, []).append((at, state))

    def at(self, now):
        found = {}
        for key, states in self.states.items():
            known = [state for since, state in states if since <= now]
            if known and known[-1] is not None:
                found[key] = known[-1]
        return found


@pytest.mark.parametrize("seed", range(2))
def test_each_minute_answers_what_was_stored_then(database, btc, plain, seed):
    """Bars, open interest, funding and whales are stored anew at random moments, and asked for as of each."""
    number, instrument = btc
    pick = random.Random(seed)
    told = {what: Told() for what in ("bars", "open_interest", "funding", "whales")}
    expected = {}
    for minute in range(1, MINUTES):
        at = plain.start + minute * MINUTE + 5_000
        with database.write() as connection:
            for back in {1, *pick.choices(range(1, minute + 1), k=3)}:
                key, time = minute - back, plain.start + (minute - back) * MINUTE
                bar = plain.bars(key, volume=float(pick.randrange(4, 7)), coverage=pick.choice([2, 3]))
                write_bars(connection, number, instrument, bar, known_at=at)
                better = [state for _, state in told["bars"].states.get(key, ())]
                if not better or bar.coverage[0] >= better[-1][1]:
                    told["bars"].tell(key, at, (float(bar.volume[0]), int(bar.coverage[0])))
                for what, kind in (("open_interest", OpenInterest), ("funding", Funding)):
                    state = kind(time, float(pick.randrange(3)))
                    if pick.random() < 0.5:
                        write_samples(connection, {number: state}, at)
                        told[what].tell(time, at, state)
                    elif told[what].states.get(time):
                        write_series(connection, number, [state], at)
                        told[what].tell(time, at, state)
                side, ids = pick.choice([1, -1]), pick.sample(range(100 * key, 100 * key + 4), 2)
                fresh = [whale(instrument, id, time, side, float(pick.randrange(5, 7))) for id in ids]
                write_whales(connection, {instrument.id: number}, fresh, at)
                for id, states in told["whales"].states.items():
                    last = states[-1][1]
                    if last and last.time == time and last.side == side:
                        told["whales"].tell(id, at, None)
                for each in fresh:
                    told["whales"].tell(each.trade_id, at, each)
        expected[minute] = {what: each.at(at) for what, each in told.items()}
    history = History(database)
    start, end = plain.start + MINUTE, plain.start + MINUTES * MINUTE
    then = KnownThen(history, Pair(instrument.base, instrument.quote), [instrument], start, end)
    assert not then.unseen[:-1].any()
    for minute in range(1, MINUTES):
        now = plain.start + minute * MINUTE
        source, span = then.source(history, now), (instrument, plain.start, now)
        rows, levels = source.bars(*span), source.bars(*span, levels=True)
        assert rows.volume.tolist() == levels.volume.tolist()
        assert levels.levels.buy.sum() + levels.levels.sell.sum() == pytest.approx(rows.volume.sum())
        found = {
            "bars": {
                (time - plain.start) // MINUTE: (volume, coverage)
                for time, volume, coverage in zip(
                    *(each.tolist() for each in (rows.time, rows.volume, rows.coverage)), strict=True
                )
            },
            "open_interest": {each.time: each for each in source.open_interest(*span)},
            "funding": {each.time: each for each in source.funding(*span)},
            "whales": {each.trade_id: each for each in source.whale_trades(*span)},
        }
        assert found == expected[minute], minute
        whole = rows[rows.coverage == Coverage.TRADES].volume.sum()
        profile = source.profile(*span)
        assert float(profile.buy.sum() + profile.sell.sum()) == pytest.approx(whole)


def counted(database, table):
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar()


def test_what_says_the_same_or_was_never_known_otherwise_leaves_nothing(database, btc, plain):
    number, instrument = btc
    sample, large = OpenInterest(plain.start, 5.0), whale(instrument, 7, plain.start)
    with database.write() as connection:
        for at in (500, 900):
            write_bars(connection, number, instrument, plain.bars(0, 1), known_at=at)
            write_samples(connection, {number: sample}, at)
            write_series(connection, number, [sample], at)
            write_whales(connection, {instrument.id: number}, [large], at)
        # less than what is there, and history over history of which nobody says when
        write_bars(connection, number, instrument, plain.bars(0, coverage=Coverage.KLINES), known_at=900)
        write_bars(connection, number, instrument, plain.bars(7))
        write_bars(connection, number, instrument, plain.bars(7, volume=9.0))
    tables = (schema.superseded_bars, schema.superseded_open_interest, schema.superseded_whale_trades)
    assert [counted(database, each) for each in tables] == [0, 0, 0]
    history = History(database)
    assert [each[1].tolist() for each in history.known(instrument, 0, 2**62).values()][:2] == [[500, 500, -1], [500]]


def test_a_repair_of_the_same_moment_and_a_clock_that_went_back_are_no_trouble(database, btc, plain):
    number, instrument = btc
    with database.write() as connection:
        for at, volume in ((500, 2.0), (900, 3.0), (900, 4.0), (700, 5.0), (900, 6.0)):
            write_bars(connection, number, instrument, plain.bars(0, volume=volume), known_at=at)
    rows, known_at, until = History(database).superseded_rows("bars", instrument, 0, 2**62)
    assert list(zip(rows.volume.tolist(), known_at.tolist(), until.tolist(), strict=True)) == [
        (4.0, 900, 700), (2.0, 500, 900),
    ]  # fmt: skip


def test_a_finer_grid_and_retention_are_the_earlier_states_too(database, btc, plain):
    number, instrument = btc
    with database.write() as connection:
        for at, volume in ((500, 2.0), (900, 4.0)):
            write_bars(connection, number, instrument, plain.bars(0, 3 * 1440, volume=volume), known_at=at)
        sync_instruments(connection, [replace(instrument, tick_size=instrument.tick_size / 10)], 1000)
    history = History(database)
    finer = history.instruments[0]
    rows, _, _ = history.superseded_rows("bars", finer, 0, 2**62)
    with database.read() as connection:
        stored = read_bars(connection, number, finer, 0, 2**62)
    assert rows.close.tolist() == stored.close.tolist() == [1030] * 2
    assert rows.levels.ticks.tolist() == [1000, 1030] * 2
    now = plain.start + 4 * DAY
    forget(database, now, 10, 2)
    rows, _, _ = history.superseded_rows("bars", finer, 0, 2**62)
    assert rows.coverage.tolist() == [Coverage.KLINES, Coverage.TRADES]
    assert np.diff(rows.levels.start).tolist() == [0, 2]
    forget(database, now, 2, 2)
    assert counted(database, schema.superseded_bars) == 1


def test_a_database_of_before_is_upgraded_with_nothing_lost(url):
    """0009 keeps what is overwritten from then on."""
    config = Config()
    config.set_main_option("script_location", VERSIONS.dir)
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        connection.execute(
            text(
                "INSERT INTO instruments (id, venue, kind, base, quote, native_id, symbol, tick_size, lot_size, "
                "contract_size, first_seen) VALUES (1, 'acme', 'perp', 'BTC', 'USDT', 'B', 'BTC/USDT:USDT', '1', '1', "
                "'1', 0)"
            )
        )
        bar = "INSERT INTO bars (instrument, time, open, high, low, close, trades, coverage, known_at) VALUES "
        connection.execute(text(bar + "(1, 60000, 1, 1, 1, 1, 1, 3, 7), (1, 120000, 1, 1, 1, 1, 1, 1, NULL)"))
        connection.execute(text("INSERT INTO open_interest (instrument, time, base, known_at) VALUES (1, 60000, 5, 7)"))
        connection.execute(text("INSERT INTO funding (instrument, time, rate, known_at) VALUES (1, 60000, 0.5, 7)"))
        before = {
            name: connection.execute(text(f"SELECT * FROM {name} ORDER BY time")).all()
            for name in ("bars", "open_interest", "funding")
        }
    engine.dispose()
    opened = open_database(url)
    with opened.write() as connection:
        assert before == {
            name: connection.execute(text(f"SELECT * FROM {name} ORDER BY time")).all()
            for name in ("bars", "open_interest", "funding")
        }
        connection.execute(text("UPDATE bars SET close = 2, known_at = 9 WHERE time = 120000"))
        write_series(connection, 1, [OpenInterest(60000, 6.0)], 9)
        write_series(connection, 1, [Funding(60000, 0.25)], 9)
    history = History(opened)
    (instrument,) = history.instruments
    found = history.superseded(instrument, 0, 2**62)
    assert {name: [each.tolist() for each in columns] for name, columns in found.items()} == {
        "bars": [[120000], [-1], [9]],
        "open_interest": [[60000], [7], [9]],
        "funding": [[60000], [7], [9]],
        "whale_trades": [[], [], []],
    }
    opened.close()
