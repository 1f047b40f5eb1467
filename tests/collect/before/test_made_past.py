"""What lies behind a demo's window: every minute since its market began, as though a scan had seen it."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from coinmon.clock import Clock
from coinmon.collect.exchange_apart import venues_of
from coinmon.collect.history.made_past import MadePast
from coinmon.collect.once import collect_once
from coinmon.collect.watchlist import begin
from coinmon.config.load import load_config
from coinmon.errors import CoinmonError
from coinmon.model.bars import Coverage
from coinmon.model.moment import DAY, HOUR, MINUTE, floor
from coinmon.model.symbols import Universe
from coinmon.run.backtest import backtest
from coinmon.run.demo import past_of
from coinmon.run.parts import made_past
from coinmon.run.parts.made_past import bring_past, tell_past
from coinmon.run.parts.made_weeks import JUDGED, WeeksBefore, told_in
from coinmon.store.bars import read_bars, write_bars
from coinmon.store.books import read_depth
from coinmon.store.database import open_database
from coinmon.store.deliveries import read_queue
from coinmon.store.history import History
from coinmon.store.instruments import read_instruments
from coinmon.store.samples import read_funding, read_open_interest, read_whales
from coinmon.store.schema import signals
from coinmon.store.scorecards import last_scorecard
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.server import running

END = floor(STARTS_AT)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """OKX's markets of ADA as a report of a demo collects them."""
    folder = tmp_path_factory.mktemp("past")

    async def collected():
        async with running(Scenario("default", seed=1), clock=EmulatedClock(STARTS_AT, 0), port=0) as emulator:
            path = folder / "config.yaml"
            path.write_text(emulator.config_yaml(db=f"sqlite:///{folder}/stored.db"), "utf-8")
            config = load_config(path, environ={}, cwd=folder, overrides={"exchanges": ["okx"]})
            assert past_of(config) == f"{emulator.url}/emulator/past"
            database = open_database(config.db)
            await collect_once(replace(config, demo_past=past_of(config)), Clock(STARTS_AT, 0, 0), database, "ADAUSDT")
            # a scan that goes on has what was told in these days too
            scanned = open_database(f"sqlite:///{folder}/scanned.db")
            few = {"exchanges": ["okx"], "symbols": ["ADAUSDT"]}
            one = load_config(path, environ={"WHALE_THRESHOLD": "20000"}, cwd=folder, overrides=few)
            one, began = replace(one, demo_past=past_of(one)), Clock(STARTS_AT, 0, 0)
            await bring_past(one, began, scanned)
            monkeypatch = pytest.MonkeyPatch()
            monkeypatch.setattr(made_past, "_BEHIND_S", 0.0)
            await tell_past(one, began, scanned)
            monkeypatch.undo()
            return database, scanned

    databases = asyncio.run(collected())
    yield databases
    for each in databases:
        each.close()


@pytest.mark.parametrize("kind", ["spot", "perp"])
def test_two_days_and_more_are_whole_with_their_levels(stored, kind):
    with stored[0].read() as connection:
        ((number, one),) = (
            (number, each) for number, each in read_instruments(connection).items()
            if (each.kind, each.base, each.quote) == (kind, "ADA", "USDT")
        )  # fmt: skip
        bars = read_bars(connection, number, one, END - 50 * HOUR, END, levels=True)
        assert len(bars) == 50 * 60
        assert (bars.coverage == Coverage.TRADES).all()
        # nobody's trade is counted twice where the past meets the window
        assert bars.levels.buy.sum() + bars.levels.sell.sum() == pytest.approx(bars.volume.sum())
        true = Scenario("default", seed=1)
        told = next(each for each in true.instruments if (each.venue, each.native) == ("okx", one.native_id))
        middle = END - 50 * MINUTE
        rows = true.rows(told, true.before(told, middle - HOUR), true.before(told, middle + 10 * MINUTE))
        inside = (bars.time >= middle - HOUR) & (bars.time < middle + 10 * MINUTE)
        size = rows.size.sum() / 10.0**told.size_digits
        assert bars.volume[inside].sum() == pytest.approx(float(size))
        if kind == "perp":
            assert len(read_open_interest(connection, number, END - 24 * HOUR, END)) > 200
            assert len(read_funding(connection, number, END - 24 * HOUR, END)) == 3
        # among what was planted in these days are large orders
        whales = [
            (int(rows.time[0]), sum(map(int, rows.size)))
            for event, leg in true._legs[told] if leg.one_order and event.minute < true.paths.start_minute
            for minute in [true.paths.begin + event.minute * MINUTE]
            for rows in [true.rows(told, true.before(told, minute), true.before(told, minute + MINUTE))]
        ]  # fmt: skip
        assert len(read_whales(connection, number, one.id, END - 50 * HOUR, END - 50 * MINUTE)) == len(whales)


def test_nothing_is_stored_of_what_has_not_been_traded_yet_and_books_are_those_of_now(stored):
    with stored[0].read() as connection:
        followed = {
            number: each for number, each in read_instruments(connection).items()
            if (each.base, each.quote) == ("ADA", "USDT")
        }  # fmt: skip
        assert len(followed) == 2
        for number, one in followed.items():
            assert len(read_bars(connection, number, one, END, END + HOUR)) == 0
            assert [each.time for each in read_depth(connection, number, 0, 2**62)] == [STARTS_AT]


def test_an_emulator_that_is_gone_is_an_error_of_ours(stored):
    past = MadePast("http://127.0.0.1:9/emulator/past")
    with stored[0].read() as connection:
        one = next(iter(read_instruments(connection).values()))
    with pytest.raises(CoinmonError, match=r"the demo's past of okx:"):
        past._trades(one, END - HOUR, END)


def test_what_a_scan_would_have_told_is_over_and_signals_have_records(stored):
    with stored[1].read() as connection:
        rows = connection.execute(select(signals).order_by(signals.c.time)).all()
        assert read_queue(connection, 0) == []
        card = last_scorecard(connection).card
    told = [row for row in rows if row.grade]
    assert len(told) > 10
    assert {row.pair for row in told} == {"ADA/USDT"}
    # three hours before the start everything is over, so that what is on is news
    assert all(END - 40 * HOUR < row.time <= row.ended <= END - 3 * HOUR for row in told)
    over = {row.event["of"] for row in rows if row.name == "signal_ended"}
    assert over == {row.id for row in told if row.ended > row.time}
    # records are of the weeks before, which nobody stored
    rows = {(each["signal"], each["direction"]): each for each in card["signals"]}
    assert rows["accumulation", "bullish"]["judged"] >= 30
    assert (card["to"], card["verdicts_of"]) == ("2026-01-15T00:00:00Z", None)
    assert {each["verdict"] for each in rows.values()} <= {None, "too few"}


def test_the_environment_says_from_what_size_an_order_is_a_whale(stored):
    def sizes(database):
        with database.read() as connection:
            numbers = [(number, one.id) for number, one in read_instruments(connection).items() if one.base == "ADA"]
            found = [read_whales(connection, number, id, END - 50 * HOUR, END) for number, id in numbers]
        return [each.quote for several in found for each in several]

    usual, told = (sizes(each) for each in stored)
    assert all(each >= 200_000 for each in usual)
    assert 20_000 <= min(told) < 200_000
    assert sorted(each for each in told if each >= 200_000) == sorted(usual)


def test_a_record_is_what_a_replay_of_the_stored_weeks_finds(tmp_path):
    """Three days of them, whose minutes are stored here and each signal asked: told and judged are the same."""

    async def weeks():
        async with running(Scenario("default", seed=1), clock=EmulatedClock(STARTS_AT, 0), port=0) as emulator:
            path = tmp_path / "config.yaml"
            path.write_text(emulator.config_yaml(db=f"sqlite:///{tmp_path}/stored.db"), "utf-8")
            few = {"symbols": ["BTCUSDT"]}
            config = load_config(path, environ={}, cwd=tmp_path, overrides=few)
            past, database = MadePast(past_of(config)), open_database(config.db)
            venues = venues_of(config.exchanges, Clock(STARTS_AT, 0, 0))
            watch = await begin(venues, database, config.symbols, config.quotes, STARTS_AT, END)
            for venue in venues:
                await venue.close()
            spots = [each for tracks in watch.tracks.values() for each in tracks if each.instrument.kind == "spot"]
            start = floor(STARTS_AT, DAY) - 4 * DAY
            bars = [
                (each, await asyncio.to_thread(past.minutes, each.instrument, start, start + 3 * DAY)) for each in spots
            ]
            # an author's own exchange beside the emulator's
            own = replace(spots[0].instrument, venue="mine")
            assert len(await asyncio.to_thread(past.minutes, own, start, start + DAY)) == 0
            return config, database, watch, bars, start

    config, database, watch, bars, start = asyncio.run(weeks())
    span = start + 12 * HOUR, start + 2 * DAY
    asked = replace(config, signals={name: config.signals[name] for name in JUDGED})
    held = WeeksBefore(database, {track.instrument.id: each for track, each in bars})
    universe = Universe([each.instrument for each, _ in bars], config.quotes)
    found = list(told_in(asked, held, universe, watch.pairs[0], *span))
    with database.write() as connection:
        for track, each in bars:
            write_bars(connection, track.number, track.instrument, replace(each, levels=None))
    replay = backtest(asked, History(database), universe, watch.pairs, *span)
    database.close()
    events = [each.event for each in replay.told if each.event["event"] == "signal"]
    assert [tuple(each[name] for name in ("signal", "pair", "direction", "time")) for each in events] == [
        tuple(each.values()) for each in found
    ]
    assert len(found) > 10
