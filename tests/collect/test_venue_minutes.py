"""What several rounds of a venue leave stored: minutes told late, klines before their trades, clocks that are wrong."""

from itertools import chain

import numpy as np
import pytest

from coinmon import Bars, Coverage, TradePage
from coinmon.clock import Clock
from coinmon.collect import venue as module
from coinmon.collect.track.persist import persist
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import VenueBusy
from coinmon.store.bars import read_bars
from coinmon.store.cursors import Position
from coinmon.store.instruments import sync_instruments


def test_minutes_that_a_venue_without_trades_tells_late_or_after_an_error_are_not_lost(database, plain):
    """Klines only: one round raises, another lacks the newest minute; each minute is there in the end."""
    volumes = np.arange(1.0, 9.0)

    class Klines:
        requests = 0
        rounds = chain([0, 2, RuntimeError("oops"), 4], iter(lambda: 8, None))

        async def bars(self, instrument, start, end):
            known = next(self.rounds)
            if isinstance(known, Exception):
                raise known
            every = Bars.missing(instrument.tick_size, plain.start + np.arange(8) * plain.minute)
            ones = np.ones(8, np.int64)
            columns = dict.fromkeys(("volume", "quote_volume", "buy", "buy_quote"), volumes)
            columns |= dict.fromkeys(("open", "high", "low", "close", "trades"), ones)
            columns["coverage"] = np.full(8, Coverage.KLINES, np.uint8)
            bars = Bars(every.tick_size, time=every.time, delta_min=0 * volumes, delta_max=0 * volumes, **columns)
            bars = bars[:known]
            return bars[(bars.time >= start) & (bars.time < end)]

    venue = Venue("acme", Klines(), Clock(plain.start + 8 * plain.minute, 0, 0))
    with database.write() as connection:
        ((number, instrument),) = sync_instruments(connection, [plain.instrument()], 0).values()
    track = Track(instrument, number, plain.start)
    for minute in range(1, 9):
        end = plain.start + minute * plain.minute
        plain.run(venue.read([track], end, 5.0))
        persist(database, [track], end, 1e9)
    with database.read() as connection:
        stored = read_bars(connection, number, instrument, 0, 2**62)
    assert stored.volume.tolist() == volumes.tolist()
    assert track.start == plain.start + 8 * plain.minute


@pytest.mark.parametrize("streamed", [True, False])
def test_a_streamed_cold_start_is_told_by_klines_and_waits_for_no_trades(plain, database, monkeypatch, streamed):
    monkeypatch.setattr(module, "_MAX_CONCURRENT_WINDOWS", 0)
    """What is streamed counts from the next minute on; while nothing is, nothing has to be asked for either."""
    now = plain.start + 3 * plain.minute

    class Streaming:
        requests = 0
        split_in_bars = True

        async def trades(self, _, cursor):
            assert cursor.last_id is not None, "the window's trades were asked for"
            return plain.page()

        async def bars(self, instrument, start, end):
            times = np.arange(start, end, plain.minute, dtype=np.int64)
            one, none = np.ones(len(times)), np.zeros(len(times))
            ones = one.astype(np.int64)
            coverage = np.full(len(times), Coverage.KLINES, np.uint8)
            return Bars(instrument.tick_size, times, *[ones] * 4, one, one, ones, one, one, none, none, coverage)

    with database.write() as connection:
        ((number, instrument),) = sync_instruments(connection, [plain.instrument()], 0).values()
    track = Track(instrument, number, plain.start)
    if streamed:
        rows = plain.trades((7, 200, 20, 0.5), (8, 250, 20, 2.0))
        track.joiner.stream(TradePage(rows, joined=False, first_id=7))
    venue = Venue("acme", Streaming(), Clock(now, 0, 0))
    assert plain.run(venue.read([track], now, 5.0, warmed=True, streams=True)).status == "ok"
    persist(database, [track], now, 1e9)
    track.live = True
    assert plain.run(venue.read([track], now + 2 * plain.minute, 5.0, warmed=True, streams=True)).status == "ok"
    persist(database, [track], now + 2 * plain.minute, 1e9)
    with database.read() as connection:
        stored = read_bars(connection, number, instrument, 0, 2**62)
    assert [Coverage(each).label for each in stored.coverage.tolist()][:4] == ["klines"] * 4
    if streamed:
        assert track.cursor.last_id == 8
        assert track.proven_from == plain.start + 4 * plain.minute


def test_minutes_that_were_stored_before_their_klines_came_are_revised(database, plain):
    """Pages that prove nothing, and klines that fail at first: they prove one minute, correct one and fill one."""
    minute = plain.minute
    known = {1: 5.0, 2: 9.0, 3: 7.0}  # minute 1 is all there, of 2 a part, of 3 nothing

    class Late:
        requests = 0
        fails = True

        async def trades(self, instrument, cursor):
            if cursor.last_id is not None:
                return plain.page()
            rows = [(1, 70, 100, 5.0), (2, 130, 100, 1.0), (3, 250, 100, 1.0)]
            return plain.page(*rows, joined=False, whole=False)

        async def bars(self, instrument, start, end):
            if self.fails:
                raise VenueBusy("acme: 503")
            bars = Bars.missing(instrument.tick_size, plain.start + np.array(list(known)) * minute)
            volumes, nothing = np.array(list(known.values())), np.full(3, np.nan)
            columns = {"volume": volumes, "quote_volume": volumes * 50} | dict.fromkeys(("buy", "buy_quote"), nothing)
            columns |= dict.fromkeys(("open", "high", "low", "close"), np.full(3, 100))
            columns |= {"trades": np.full(3, -1), "coverage": np.full(3, Coverage.PARTIAL, np.uint8)}
            bars = Bars(bars.tick_size, time=bars.time, delta_min=nothing, delta_max=nothing, **columns)
            return bars[(bars.time >= start) & (bars.time < end)]

    exchange = Late()
    with database.write() as connection:
        ((number, instrument),) = sync_instruments(connection, [plain.instrument()], 0).values()
    track = Track(instrument, number, plain.start + minute)

    def stored():
        with database.read() as connection:
            bars = read_bars(connection, number, instrument, 0, 2**62, levels=True)
        rows = zip(bars.time.tolist(), bars.volume.tolist(), bars.buy.tolist(), bars.coverage.tolist(), strict=True)
        return {(time - plain.start) // minute: (volume, buy, coverage) for time, volume, buy, coverage in rows}

    def cycle(minutes):
        end = plain.start + minutes * minute
        venue = Venue("acme", exchange, Clock(end, 0, 0))
        status = plain.run(venue.read([track], end, 5.0))
        persist(database, [track], end, 1e9)
        return status.status

    assert cycle(4) == "down"
    assert {at: row[::2] for at, row in stored().items()} == {1: (5.0, Coverage.PARTIAL), 2: (1.0, Coverage.PARTIAL)}
    exchange.fails = False
    assert cycle(5) == "ok"
    found = stored()
    assert found[1] == (5.0, 5.0, Coverage.TRADES)
    assert [found[at][::2] for at in (2, 3)] == [(9.0, Coverage.PARTIAL), (7.0, Coverage.PARTIAL)]
    assert np.isnan([found[at][1] for at in (2, 3)]).all()
    assert track.unverified_from == plain.start + 4 * minute  # of which these klines do not tell


@pytest.mark.parametrize("listed_anew", [False, True])
def test_amounts_that_could_not_be_compared_in_time_are_compared_later(database, plain, listed_anew):
    """A venue that changed its contracts' size and pauses its klines: ids prove the trades, and amounts wait."""
    minute = plain.minute

    class Pausing:
        requests = 0
        pauses = True

        async def trades(self, instrument, cursor):
            rows = [(at, 60 * at - 30, 100, 10.0) for at in range(1, 9)]
            rows = [row for row in rows if row[0] > (cursor.last_id or 0) and plain.start + row[1] * 1000 < self.now]
            return plain.page(*rows)

        async def bars(self, instrument, start, end):
            if self.pauses:
                raise VenueBusy("acme: a firewall's page; wait 30 s", 30)
            times = np.arange(start, end, minute)
            nothing, one = np.full(len(times), np.nan), np.full(len(times), 100)
            # the third is what the trades say; of the others they say ten times too much
            volume = np.where(times == plain.start + 2 * minute, 10.0, 1.0)
            partial = np.full(len(times), Coverage.PARTIAL, np.uint8)
            return Bars(
                instrument.tick_size, times, *[one] * 4, volume, volume * 50, np.full(len(times), -1),
                *[nothing] * 4, partial,
            )  # fmt: skip

    exchange = Pausing()
    with database.write() as connection:
        ((number, instrument),) = sync_instruments(connection, [plain.instrument()], 0).values()
    track = Track.resume(instrument, number, Position(0, plain.start), plain.start)

    def cycle(minutes):
        exchange.now = plain.start + minutes * minute
        venue = Venue("acme", exchange, Clock(exchange.now, 0, 0))
        plain.run(venue.read([track], exchange.now, 2.0))
        persist(database, [track], exchange.now, 1e9)
        with database.read() as connection:
            bars = read_bars(connection, number, instrument, 0, 2**62, levels=True)
        rows = zip(bars.volume.tolist(), bars.coverage.tolist(), strict=True)
        return [(volume, Coverage(coverage).label) for volume, coverage in rows]

    assert cycle(2) == [(10.0, "trades")] * 2
    assert cycle(4) == [(10.0, "trades")] * 4
    exchange.pauses = False
    if listed_anew:
        track = track.anew(instrument, Position(4, exchange.now), plain.start)
    found = cycle(5)
    assert found == [(1.0, "partial"), (1.0, "partial"), (10.0, "trades"), (1.0, "partial"), (1.0, "partial")]
    assert track.uncompared_from is None


def test_a_page_that_is_older_than_its_minutes_kline_is_waited_for(database, plain):
    """The venue's pages lag behind its klines: until they are read the kline stands, and then the trades."""
    end = plain.start + plain.minute
    rows = [(1, 10, 100, 5.0), (2, 59, 102, 1.0)]

    class Lags:
        requests = 0
        split_in_bars = True

        async def trades(self, instrument, cursor):
            return plain.page(rows[cursor.last_id]) if cursor.last_id < 2 else plain.page()

        async def bars(self, instrument, start, end):
            told = Track(instrument, 0, plain.start)
            told.take(plain.page(*rows), end)
            return told.settle(end, 1e9).bars.with_coverage(Coverage.KLINES)

    with database.write() as connection:
        ((number, instrument),) = sync_instruments(connection, [plain.instrument()], 0).values()
    track = Track.resume(instrument, number, Position(0, plain.start), plain.start)
    venue = Venue("acme", Lags(), Clock(end, 0, 0))
    for coverage, ticks in ((Coverage.KLINES, []), (Coverage.TRADES, [100, 102])):
        plain.run(venue.read([track], end, 5.0))
        persist(database, [track], end, 1e9)
        with database.read() as connection:
            bars = read_bars(connection, number, instrument, 0, 2**62, levels=True)
        assert (bars.volume.tolist(), bars.coverage.tolist()) == ([6.0], [coverage])
        assert bars.levels.ticks.tolist() == ticks


def test_a_clock_that_is_ahead_does_not_make_minutes_quiet_that_have_not_been(database, plain):
    """Ours is an hour ahead, and then it is set right: no minute was taken for over before it was at the venue."""
    minute = plain.minute
    rows = [(number, number * 20.0, 100, 1.0) for number in range(1, 12)]

    class Listed(plain.listed):
        time = plain.start + 90_000

        async def server_time(self):
            return self.time

        async def trades(self, instrument, cursor):
            known = [row for row in rows if plain.start + row[1] * 1000 <= self.time]
            return plain.page(*[row for row in known if row[0] > (cursor.last_id or 0)])

    exchange = Listed()
    with database.write() as connection:
        ((number, instrument),) = sync_instruments(connection, [plain.instrument()], 0).values()
    track = Track(instrument, number, plain.start)

    def cycle(now):
        clock = Clock(now, 0, 0)
        venue = Venue("acme", exchange, clock)
        end = now // minute * minute
        assert plain.run(venue.read([track], end, 5.0)).status == "ok"
        persist(database, [track], end, 1e9)
        with database.read() as connection:
            found = read_bars(connection, number, instrument, 0, 2**62, levels=True)
        minutes = ((found.time - plain.start) // minute).tolist()
        return dict(zip(minutes, found.volume.tolist(), strict=True))

    assert cycle(exchange.time + 60 * minute) == {0: 2.0}  # trades at 20 and 40 s
    exchange.time += minute
    assert cycle(exchange.time + 60 * minute) == {0: 2.0, 1: 3.0}
    exchange.time += minute
    assert cycle(exchange.time) == {0: 2.0, 1: 3.0, 2: 3.0}
    # and set back an hour by mistake, and forward again
    assert cycle(exchange.time - 60 * minute) == {0: 2.0, 1: 3.0, 2: 3.0}
    exchange.time += minute
    assert cycle(exchange.time) == {0: 2.0, 1: 3.0, 2: 3.0, 3: 3.0}
