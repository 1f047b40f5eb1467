"""What a round asks a venue, whose turn it is, and what a stream is begun anew for."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace

import pytest
from loguru import logger

from coinmon import Coverage
from coinmon.clock import Clock
from coinmon.collect import track_reader
from coinmon.collect import venue as venue_module
from coinmon.collect.live import book_feed, trade_feed
from coinmon.collect.live.book_feed import BookFeed
from coinmon.collect.live.forming import open_minute
from coinmon.collect.live.trade_feed import TradeFeed
from coinmon.collect.track.track import Track
from coinmon.collect.track_reader import TrackReader, _has_turn
from coinmon.collect.venue import Venue
from coinmon.model.fold import fold
from coinmon.plugin.trade_page import Cursor


class Klines:
    """A venue of which nothing was traded, whose minutes say who bought. asked: the bases whose minutes were."""

    split_in_bars = True

    def __init__(self, plain):
        self.requests, self.asked, self._plain = 0, [], plain

    async def trades(self, *_):
        self.requests += 1
        return self._plain.page()

    async def bars(self, instrument, *_):
        self.asked.append(instrument.base)
        return fold(self._plain.trades(), instrument)


@pytest.fixture
def track(plain):
    return Track(plain.instrument(), 1, plain.start)


def test_each_of_many_has_its_turn_to_be_compared_and_few_are_always(plain):
    def turns(count):
        tracks = [Track(plain.instrument(), number, plain.start) for number in range(count)]
        minutes = [plain.start + minute * plain.minute for minute in range(-(-count // 60))]
        return [{each.number for each in tracks if _has_turn(each, end, count)} for end in minutes]

    assert turns(60) == [set(range(60))]
    rounds = turns(130)
    assert sorted(number for each in rounds for number in each) == list(range(130))
    assert max(map(len, rounds)) <= 60


def test_a_clock_that_is_ahead_of_the_venues_or_behind_it_is_said_once(plain):
    now, said = plain.start + 10_000, []
    sink = logger.add(lambda text: said.append(str(text)), level="WARNING", format="{message}")

    async def script():
        ahead_of_it = ((2000, 2000, 0), (2001, 2001, 1), (9000, 9000, 1), (-50, 0, 1), (3000, 3000, 2))
        behind_it = ((-2000, 0, 2), (-2001, 0, 3), (-600_000, 0, 3), (50, 50, 3), (-3000, 0, 4))
        for behind, ahead, lines in (*ahead_of_it, *behind_it):
            exchange.told = now - behind
            await reader.compare_clocks(1.0)
            assert (reader.early, len(said)) == (ahead, lines)

    async def server_time():
        return exchange.told

    exchange = SimpleNamespace(requests=0, server_time=server_time, told=0)
    clock = Clock(now, 0, 0)
    reader = TrackReader(Venue("acme", exchange, clock), clock)
    asyncio.run(script())
    logger.remove(sink)
    assert ["our clock is 2 s ahead" in said[0], "our clock is 3 s ahead" in said[1]] == [True, True]


@pytest.mark.parametrize(("late", "caught_up"), [(0, 60), (10, 50), (29, 31), (45, 30)])
def test_where_a_venue_tells_no_trades_a_minute_is_waited_for_for_half_an_hour(plain, track, late, caught_up):
    end = plain.start + 60 * plain.minute

    async def bars(instrument, start, end):
        rows = [(minute, minute * 60.0, 100, 1.0) for minute in range(60 - late)]
        return fold(plain.trades(*rows), instrument).with_coverage(Coverage.PARTIAL)

    clock = Clock(end, 0, 0)
    venue = Venue("acme", SimpleNamespace(requests=0, bars=bars), clock)
    reading = TrackReader(venue, clock).read(track, end, 0, 5.0, streams=False, split=False, tracks=1)
    asyncio.run(reading)
    assert (track.caught_up - plain.start) // plain.minute == caught_up


@pytest.mark.parametrize(("after", "asked"), [(-1, 1), (0, 0), (1, 0)])
def test_what_a_stream_has_brought_is_not_asked_for(plain, track, after, asked):
    end = plain.start + plain.minute
    exchange = plain.listed(plain.instrument(), rows=[(1, 5.0, 100, 1.0)])
    track.live, track.cursor, track.proven_from, track.caught_up = (
        True,
        Cursor(plain.start, 1),
        plain.start,
        end + after,
    )
    clock = Clock(end, 0, 0)
    reading = TrackReader(Venue("acme", exchange, clock), clock)
    asyncio.run(reading.read(track, end, 0, 5.0, streams=True, split=False, tracks=1))
    assert exchange.requests == asked


@pytest.mark.parametrize(("warmed", "back"), [(True, 0), (False, 2)])
def test_what_was_before_is_left_to_who_warms(plain, warmed, back):
    pages = []

    class Earlier(plain.listed):
        async def trades(self, _instrument, _cursor):
            return plain.page((9, 170.0, 100, 1.0), joined=False)

        async def earlier_trades(self, _instrument, before_id, _since):
            pages.append(before_id)
            return plain.page((before_id - 1, 60.0, 100, 1.0), more=True)

    end = plain.start + 3 * plain.minute
    track, venue = Track(plain.instrument(), 1, plain.start), Venue("acme", Earlier(), Clock(end, 0, 0))
    many = [Track(plain.instrument(), number, end) for number in range(2, 300)]
    for each in many:
        each.live, each.cursor, each.caught_up = True, Cursor(end, 1), end
    asyncio.run(venue.read([track, *many], end, 5.0, warmed=warmed, streams=True))
    assert len(pages) == back, "two pages at least, and a share of two hundred"


@pytest.mark.parametrize(("pause", "pages"), [(0.0, 2), (2.0, 1)])
def test_what_does_not_agree_is_asked_for_again_where_there_is_time_for_it(plain, track, monkeypatch, pause, pages):
    monkeypatch.setattr(track_reader, "_RECHECK_PAUSE_S", pause)
    rows, asked = [(1, 10.0, 100, 1.0)], []

    class Differs:
        requests = 0

        async def trades(self, _instrument, cursor):
            asked.append(cursor)
            return plain.page(*rows[cursor.last_id or 0 :])

        async def bars(self, instrument, _start, _end):
            return fold(plain.trades((1, 10.0, 100, 2.0)), instrument).with_coverage(Coverage.PARTIAL)

    end = plain.start + plain.minute
    clock = Clock(end, 0, 0)
    reader = TrackReader(Venue("acme", Differs(), clock), clock)
    plain.run(reader.read(track, end, 0, 5.0, streams=False, split=False, tracks=1))
    assert len(asked) == pages


@pytest.mark.parametrize(("most", "pages"), [(0, 0), (1, 1), (2, 1)])
def test_klines_stand_for_the_trades_of_a_cold_window_only_where_there_are_many(plain, track, monkeypatch, most, pages):
    monkeypatch.setattr(venue_module, "_MAX_CONCURRENT_WINDOWS", most)
    exchange = Klines(plain)
    venue = Venue("acme", exchange, Clock(plain.start + plain.minute, 0, 0))
    plain.run(venue.read([track], plain.start + plain.minute, 5.0, warmed=True, streams=True))
    assert exchange.requests == pages


def test_of_a_window_that_has_not_begun_no_klines_are_asked_for(plain):
    exchange, end = Klines(plain), plain.start + plain.minute
    venue = Venue("acme", exchange, Clock(end, 0, 0))
    tracks = [Track(plain.instrument(f"C{at}/USDT"), at, end + at * plain.minute) for at in range(-1, 3)]
    plain.run(venue.read(tracks, end, 5.0))
    assert exchange.asked == ["C-1"]


def test_the_open_minute_is_what_is_at_hand_since_its_beginning(plain, track):
    track.take(plain.page((1, 50, 100, 1.0), (2, 60, 101, 1.0), (3, 61, 102, 1.0)), plain.start)
    start = plain.start + plain.minute
    for live, proven_from, whole in ((True, start, True), (True, start + 1, False), (False, start, False)):
        track.live, track.proven_from = live, proven_from
        instrument, trades, proven = open_minute(track, start)
        assert (instrument, trades.id.tolist(), proven) == (track.instrument, [2, 3], whole)


class Streams:
    """begun: the bases of each stream that was begun, and how many channels it has."""

    requests = 0

    def __init__(self):
        self.begun = []

    async def stream(self, instruments, channels):
        self.begun.append(([each.base for each in instruments], len(channels)))
        yield []
        await asyncio.Event().wait()


def test_a_stream_is_begun_anew_when_what_it_is_to_bring_changes(plain):
    exchange = Streams()

    btc, eth = (Track(plain.instrument(f"{base}/USDT"), at, plain.start) for at, base in enumerate(("BTC", "ETH")))
    again = Track(eth.instrument, eth.number, plain.start)

    async def script():
        clock = Clock(plain.start, 0, 0)
        feed = TradeFeed(Venue("acme", exchange, clock), clock)
        for tracks in ([btc, eth], [btc, eth], [btc], [btc, eth], [btc, again]):
            await feed.follow(tracks)
            await asyncio.sleep(0.01)
        await feed.close()

    asyncio.run(script())
    assert [bases for bases, _ in exchange.begun] == [["BTC", "ETH"], ["BTC"], ["BTC", "ETH"], ["BTC", "ETH"]]


def test_a_stream_of_books_is_begun_anew_when_what_it_is_to_bring_changes(plain):
    exchange = Streams()
    btc, eth = (Track(plain.instrument(f"{base}/USDT:USDT"), at, plain.start) for at, base in enumerate(("BTC", "ETH")))

    async def script():
        clock = Clock(plain.start, 0, 0)
        feed = BookFeed(Venue("acme", exchange, clock), clock, streams=True)
        for tracks, books in (([btc, eth], True), ([btc, eth], True), ([btc], True), ([btc], False), ([btc], False)):
            await feed.follow(tracks, books=books)
            await asyncio.sleep(0.01)
        await feed.close()

    asyncio.run(script())
    assert exchange.begun == [(["BTC", "ETH"], 2), (["BTC"], 2), (["BTC"], 1)]


@pytest.mark.parametrize("module", [trade_feed, book_feed])
def test_a_stream_that_ends_is_begun_again_later_and_later_until_it_has_held(plain, monkeypatch, module):
    now, pauses, sleep = [0.0], [], asyncio.sleep
    monkeypatch.setattr(module, "monotonic", lambda: now[0])

    async def noted(seconds):
        pauses.append(seconds)
        await sleep(0 if len(pauses) < 10 else 3600)

    class Ends:
        requests = 0

        async def stream(self, *_):
            now[0] += 61.0 if len(pauses) == 7 else 60.0
            yield []

    async def script():
        clock = Clock(plain.start, 0, 0)
        venue = Venue("acme", Ends(), clock)
        feed = TradeFeed(venue, clock) if module is trade_feed else BookFeed(venue, clock, streams=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(feed._run("spot"), 0.1)

    monkeypatch.setattr(asyncio, "sleep", noted)
    asyncio.run(script())
    assert pauses[:10] == [2, 4, 8, 16, 32, 60, 60, 1, 2, 4]


@pytest.mark.parametrize(("seconds", "anew"), [(119.5, []), (120.5, ["spot"])])
def test_a_stream_that_left_some_silent_is_begun_anew_after_two_minutes(plain, track, monkeypatch, seconds, anew):
    monkeypatch.setattr(trade_feed, "monotonic", lambda: 1000.25 + seconds)

    async def script():
        clock = Clock(plain.start, 0, 0)
        feed = TradeFeed(Venue("acme", SimpleNamespace(requests=0), clock), clock, patience=0.08)
        feed._tracks, feed._stalled, feed._began = (
            {track.instrument.id: track},
            {track.instrument.id},
            {"spot": 1000.25},
        )
        begun = []
        monkeypatch.setattr(feed, "_begin_anew", begun.append)
        looking = asyncio.ensure_future(feed._look())
        await asyncio.sleep(0.05)
        looking.cancel()
        return list(dict.fromkeys(begun))

    assert asyncio.run(script()) == anew
