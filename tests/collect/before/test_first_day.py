"""The day before a start: the venue's minutes at once, then its trades by their ids, and what is left to files."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from loguru import logger

from coinmon import Bars, Coverage
from coinmon.collect.history import first_day
from coinmon.collect.history.between_cycles import BetweenCycles
from coinmon.collect.history.first_day import FirstDay
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import VenueError
from coinmon.model.moment import HOUR
from coinmon.store.bars import read_bars
from coinmon.store.instruments import sync_instruments
from coinmon.store.samples import read_whales

NOW_MINUTE = 120
LAST_ID = 121
"""Of one trade a minute, numbered from 1, which is a minute before the day."""


class Minutes:
    """A venue that tells its minutes of the two hours before; split: and who bought in them."""

    requests = 0

    def __init__(self, plain, *, split, broken=0):
        self.split_in_bars = split
        self.archives = object()
        self.asked = []
        self._plain, self._broken = plain, broken

    async def bars(self, instrument, start, end):
        self.asked.append(instrument.base)
        if self._broken:
            self._broken -= 1
            raise VenueError("it is broken")
        times = np.arange(max(start, self._plain.start), end, self._plain.minute, dtype=np.int64)
        one, none = np.ones(len(times), np.int64), np.zeros(len(times))
        bought = none + 0.25 if self.split_in_bars else none
        coverage = np.full(len(times), Coverage.KLINES if self.split_in_bars else Coverage.PARTIAL, np.uint8)
        columns = (one, one, one, one, none + 1, none + 1, one, bought, bought, none, none, coverage)
        return Bars(instrument.tick_size, times, *columns)


class ById(Minutes):
    """One that goes back by the ids of its trades, to the trade `since` at most."""

    def __init__(self, plain, *, since=1, **how):
        super().__init__(plain, split=False, **how)
        self.rows = [(id, (id - 2) * 60.0, 100, 0.25) for id in range(1, LAST_ID + 1)]
        self.pages = []
        self._since = since

    async def trades(self, *_):
        raise AssertionError("the live track's business")

    async def earlier_trades(self, instrument, before_id, since):
        self.pages.append(instrument.base)
        rows = [row for row in self.rows if self._since <= row[0] < before_id][-20:]
        if not rows:
            return self._plain.page(joined=False)
        return self._plain.page(*rows, more=self._plain.start + rows[0][1] * 1000 >= since)


@pytest.fixture
def brought(plain, database, monkeypatch):
    """Coverage by minute and base after the first days of tracks that began just now, what was said, and how far.

    rounds: cycles of the scan. whales: the size of one, in quote currency.
    """
    monkeypatch.setattr(first_day, "DAY", 2 * HOUR)
    monkeypatch.setattr(first_day, "_CALM_S", 0.0)

    def run(exchange, *bases, rounds=1, whales=1e9):
        now = plain.start + NOW_MINUTE * plain.minute
        listed = [plain.instrument(base if "/" in base else f"{base}/USDT") for base in bases]
        with database.write() as connection:
            numbered = sync_instruments(connection, listed, now)
        tracks = [Track(each, numbered[each.id][0], now, boundary_id=LAST_ID) for each in listed]
        said, told = [], []
        sink = logger.add(said.append, level="INFO", format="{message}")

        async def bring():
            clock = SimpleNamespace(now=lambda: now)
            day = FirstDay(Venue("acme", exchange, clock), clock, database, 50 * plain.minute, whales)
            for _ in range(rounds):
                day.begin(tracks)
                await asyncio.wait({day._task})
                told.append(day.progress.as_json())
            await day.close()

        plain.run(bring())
        logger.remove(sink)
        with database.read() as connection:
            found = {
                instrument.base: read_bars(connection, number, instrument, plain.start, now)
                for number, instrument in numbered.values()
            }
        return found, [str(each).strip() for each in said], told

    return run


def test_minutes_with_the_split_are_the_whole_day(plain, brought):
    exchange = Minutes(plain, split=True)
    found, said, told = brought(exchange, "BTC", "ETH")
    assert sorted(exchange.asked) == ["BTC", "ETH"]
    assert all(bars.coverage.tolist() == [Coverage.KLINES] * NOW_MINUTE for bars in found.values())
    assert told == [{"instruments": 0, "whole_in_s": None, "without": 0, "backfill": None, "failed": {}}]
    assert said == ["acme: the last 2 hours are there"]


def test_open_interest_is_asked_of_perpetuals_alone(plain, brought):
    class Sampled(Minutes):
        async def past_open_interest(self, instrument, *_):
            self.asked.append(instrument.symbol)
            return []

    exchange = Sampled(plain, split=True)
    brought(exchange, "BTC", "ETH/USDT:USDT")
    assert sorted(exchange.asked) == ["BTC", "ETH", "ETH/USDT:USDT"]


def test_without_the_split_the_trades_come_by_their_ids_the_first_pairs_first(plain, brought):
    exchange = ById(plain)
    found, said, told = brought(exchange, "BTC", "ETH")
    assert exchange.pages == sorted(exchange.pages), "the first pair's day is whole before the second's begins"
    for bars in found.values():
        assert bars.coverage.tolist() == [Coverage.TRADES] * NOW_MINUTE
        assert plain.seen(bars) == plain.volumes(ById(plain).rows[1:])
    assert told[-1]["instruments"] == told[-1]["without"] == 0
    assert said == ["acme: the last 2 hours are there"]


def test_how_long_it_will_take_is_told_by_what_is_done_and_what_is_left(plain, database, monkeypatch):
    monkeypatch.setattr(first_day, "DAY", 2 * HOUR)
    monkeypatch.setattr(first_day, "_CALM_S", 0.0)
    monkeypatch.setattr(first_day, "_STRETCH_MS", HOUR // 2)
    monkeypatch.setattr(first_day, "monotonic", lambda: 1000.0 + 10.0 * len(exchange.pages))
    exchange, told = ById(plain), []
    write = BetweenCycles.write

    async def written(turns, *what):
        told.append((len(exchange.pages), day.progress.whole_in_s))
        await write(turns, *what)

    monkeypatch.setattr(BetweenCycles, "write", written)
    now = plain.start + NOW_MINUTE * plain.minute
    with database.write() as connection:
        ((number, there),) = sync_instruments(connection, [plain.instrument()], now).values()

    async def bring():
        nonlocal day
        clock = SimpleNamespace(now=lambda: now)
        day = FirstDay(Venue("acme", exchange, clock), clock, database, 50 * plain.minute, 1e9)
        day.begin([Track(there, number, now, boundary_id=LAST_ID)])
        await asyncio.wait({day._task})
        await day.close()

    day = None
    plain.run(bring())
    # the first is asked before anything is done; each half hour after it is one more of four
    stretches = [(pages, seconds) for pages, seconds in told if seconds is not None]
    assert len(stretches) >= 2
    for (pages, seconds), done in zip(stretches, (1, 2, 3), strict=False):
        assert seconds == round(10.0 * pages * (4 - done) / done)


def test_the_whales_of_the_window_are_left_to_who_brings_it(plain, brought, database):
    brought(ById(plain), "BTC", whales=12.0)
    with database.read() as connection:
        found = [whale.time for whale in read_whales(connection, 1, "acme:BTC/USDT", 0, 2**62)]
    assert found == [plain.start + minute * plain.minute for minute in range(NOW_MINUTE - 50)]


def test_a_minute_whose_volume_is_not_the_venues_own_stays_the_venues(plain, brought):
    class Totals(ById):
        async def bars(self, *asked):
            told = await super().bars(*asked)
            unknown = np.full(len(told), np.nan)
            split = dict.fromkeys(("buy", "buy_quote", "delta_min", "delta_max"), unknown)
            return replace(told, volume=np.full(len(told), 0.25), **split)

    exchange = Totals(plain)
    exchange.rows[41] = (*exchange.rows[41][:3], 0.75)
    found, *_ = brought(exchange, "BTC")
    kinds = found["BTC"].coverage.tolist()
    assert {minute: kind for minute, kind in enumerate(kinds) if kind != Coverage.TRADES} == {40: Coverage.PARTIAL}


def test_a_day_that_is_whole_is_said_to_be_once(plain, brought):
    _, said, _ = brought(Minutes(plain, split=True), "BTC", rounds=3)
    assert said == ["acme: the last 2 hours are there"]


def test_a_day_that_is_stored_is_not_asked_for_again(plain, brought):
    brought(ById(plain), "BTC")
    again = ById(plain)
    brought(again, "BTC")
    assert (again.pages, again.asked) == ([], [])


@pytest.mark.parametrize("of", ["minutes alone", "trades that end too soon"])
def test_what_the_venue_cannot_tell_is_named_with_the_command_that_brings_it(plain, brought, of):
    exchange = Minutes(plain, split=False) if of == "minutes alone" else ById(plain, since=81)
    found, said, told = brought(exchange, "BTC")
    assert len(found["BTC"]) == NOW_MINUTE
    command = "coinmon backfill BTCUSDT --exchange acme --kind spot --from 2023-03-28"
    assert told[-1]["without"] == 1
    assert told[-1]["backfill"] == command
    assert said == [
        "acme: who bought in the last 2 hours of 1 instruments cannot be had from it (acme:BTC/USDT, ...); "
        f"`{command}` brings it from its files"
    ]


def test_one_without_files_is_left_to_time(plain, brought):
    exchange = Minutes(plain, split=False)
    del exchange.archives
    _, said, told = brought(exchange, "BTC")
    assert told[-1]["backfill"] is None
    assert said[-1].endswith("; time alone fills it")


def test_what_fails_is_asked_for_again_in_the_next_cycle(plain, brought):
    found, said, told = brought(Minutes(plain, split=True, broken=2), "BTC", rounds=3)
    assert [each["instruments"] for each in told] == [1, 1, 0]
    assert [each["failed"] for each in told] == [{"acme:BTC/USDT": "it is broken"}] * 2 + [{}]
    assert len(found["BTC"]) == NOW_MINUTE
    assert said == ["acme: the last 2 hours are there"]


def test_what_always_fails_is_given_up_and_told(plain, brought):
    exchange = Minutes(plain, split=True, broken=99)

    _, said, told = brought(exchange, "BTC", rounds=5)
    assert len(exchange.asked) == 5
    assert told[-1]["instruments"] == 0
    assert said == ["acme: the last 2 hours of 1 instruments were not had in 5 tries (acme:BTC/USDT: it is broken)"]


def test_nothing_is_asked_for_before_the_first_rounds_are_over(plain, database, monkeypatch):
    monkeypatch.setattr(first_day, "_CALM_S", 3600.0)
    exchange, now = Minutes(plain, split=True), plain.start + NOW_MINUTE * plain.minute
    clock = SimpleNamespace(now=lambda: now)

    async def run():
        day = FirstDay(Venue("acme", exchange, clock), clock, database, 0, 1e9)
        day.begin([Track(plain.instrument("BTC/USDT"), 1, now)])
        await asyncio.sleep(0.05)
        assert day.progress.instruments == 1
        await day.close()

    plain.run(run())
    assert exchange.asked == []


def test_the_windows_of_all_venues_are_more_urgent(plain, database, monkeypatch):
    monkeypatch.setattr(first_day, "_CALM_S", 0.0)
    monkeypatch.setattr(first_day, "_PAUSE_S", 0.01)
    exchange, now = Minutes(plain, split=True), plain.start + NOW_MINUTE * plain.minute
    clock, other = SimpleNamespace(now=lambda: now), SimpleNamespace(waiting=1)
    listed = plain.instrument("BTC/USDT")
    with database.write() as connection:
        number = sync_instruments(connection, [listed], now)[listed.id][0]

    async def run():
        day = FirstDay(Venue("acme", exchange, clock), clock, database, 0, 1e9, others=[other])
        day.begin([Track(listed, number, now)])
        await asyncio.sleep(0.05)
        assert exchange.asked == []
        other.waiting = 0
        await asyncio.wait({day._task})
        assert exchange.asked == ["BTC"]
        await day.close()

    plain.run(run())
