"""An acknowledged stream that says nothing, while its venue trades: noticed, told once, polled, and begun anew.

So are streams of books, which are compared with the venue's book, and of liquidations, beside which something is always
said.
"""

import asyncio
import time
from contextlib import asynccontextmanager
from itertools import pairwise
from time import monotonic

import aiohttp
from loguru import logger

from coinmon import MINUTE
from coinmon.clock import Clock as MarketClock
from coinmon.collect.live.book_feed import BookFeed
from coinmon.collect.live.trade_feed import TradeFeed
from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running
from coinmon_exchanges.binance.venue import Binance
from coinmon_exchanges.bybit.venue import Bybit
from coinmon_exchanges.coinbase.venue import Coinbase
from coinmon_exchanges.okx.venue import Okx

KINDS = {"binance": Binance, "okx": Okx, "bybit": Bybit, "coinbase": Coinbase}


async def eventually(true, seconds):
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def set_faults(url, spec):
    async with aiohttp.ClientSession() as session, session.post(f"{url}/emulator/faults", json={"spec": spec}) as reply:
        assert reply.status == 200


@asynccontextmanager
async def followed(patience, speed, bases=None, faults=""):
    """Trades of OKX, read and followed: the emulator, the venue, its tracks, their feed, and what the log is told."""
    said = []
    sink = logger.add(lambda message: said.append(message.record["message"]), level="INFO")
    market = Scenario("default", 1)
    clock = EmulatedClock(market.opens_at, speed)
    async with running(market, clock=clock, faults=faults) as emulator:
        okx = Okx("okx", **emulator.config()["exchanges"]["okx"])
        market_clock = MarketClock(clock.at_ms, round(clock.wall_started * 1000), clock.speed)
        venue = Venue("okx", okx, market_clock)
        start = market_clock.now() // MINUTE * MINUTE
        listed = [each for each in await okx.instruments() if bases is None or each.base in bases]
        tracks = [Track(each, number, start) for number, each in enumerate(listed)]
        feed = TradeFeed(venue, market_clock, patience=patience)
        try:
            await venue.read(tracks, start, 5)
            await feed.follow(tracks)
            await eventually(lambda: feed.live == len(tracks), 10)  # acknowledged
            yield emulator, venue, tracks, feed, said
        finally:
            logger.remove(sink)
            await feed.close()
            await venue.close()


def test_a_stall_is_noticed_told_once_and_polled(ran):
    async def run():
        async with followed(0.5, 60, ("BTC", "ETH"), "okx:stall/stream") as (emulator, venue, tracks, feed, said):
            await eventually(lambda: feed.live == 0, 10)  # and known to be silent
            assert sum("silent" in message for message in said) == 1
            await venue.read(tracks, tracks[0].start + MINUTE, 5)
            assert all(track.cursor.last_id for track in tracks)
            await set_faults(emulator.url, "")
            await eventually(lambda: feed.live == len(tracks), 10)  # once it speaks
            assert sum("silent" in message for message in said) == 1

    ran(run())


def test_a_stall_is_known_in_time_though_the_venue_tells_nothing_else(ran):
    """Of the clock of a monitor 27 s: 3.375 times the patience, and what this machine needs."""
    patience = 0.6

    async def run():
        async with followed(patience, 20, ("BTC", "ETH")) as (emulator, _, tracks, feed, said):
            await set_faults(emulator.url, "okx:stall/stream,okx:silence/market")
            began = monotonic()
            await eventually(lambda: feed.live == 0, 10)
            assert monotonic() - began < 3.375 * patience + 1.5
            assert sum("a part of the stream is silent" in message for message in said) == 1
            assert feed.reconnects == 0  # nothing is proven
            await set_faults(emulator.url, "")
            await eventually(lambda: feed.live == len(tracks), 10)

    ran(run())


def test_a_stalled_stream_of_one_kind_leaves_the_other_as_it_is(ran):
    async def run():
        async with followed(0.5, 60, ("BTC", "ETH")) as (_, _, tracks, feed, said):
            spot = [track for track in tracks if track.instrument.kind == "spot"]
            began = dict(feed._began)
            feed._stall(spot[:1], tracks)
            assert [track.live for track in tracks] == [track.instrument.kind == "perp" for track in tracks]
            assert any("its stream is silent" in message for message in said)
            await eventually(lambda: feed.live == len(tracks), 10)
            assert feed._began["perp"] == began["perp"]
            assert feed._began["spot"] > began["spot"]

    ran(run())


def test_a_stream_that_leaves_one_silent_for_good_is_begun_anew_less_and_less_often(ran, monkeypatch):
    """The others are read anew each time."""
    monkeypatch.setattr("coinmon.collect.live.trade_feed._RESTART_AFTER_S", 0.3)

    async def run():
        async with followed(0.5, 60, ("BTC",), "okx:stall/stream") as (_, _, _, feed, _):
            await eventually(lambda: feed._stalled, 10)
            moments = [feed._began["spot"]]
            for _ in range(3):
                await eventually(lambda: feed._began["spot"] != moments[-1], 10)
                moments.append(feed._began["spot"])
            # the first of them is that of the stall itself
            _, *pauses = [b - a for a, b in pairwise(moments)]
            assert pauses[1] > 1.4 * pauses[0] > 0.4
            feed._stalled.clear()
            await eventually(lambda: not feed._restart_after, 10)

    ran(run())


def test_quiet_instruments_are_not_taken_for_stalled(ran):
    async def run():
        # a standing clock: nothing trades, and the venue's tickers say so
        async with followed(0.4, 0) as (_, _, tracks, feed, said):
            await asyncio.sleep(2)
            assert feed.live == len(tracks)
            assert not [message for message in said if "silent" in message]

    ran(run())


def test_time_in_which_nothing_could_be_read_is_nobodys_silence(ran):
    """A process that was suspended, or had no core, knows of no stall."""

    async def run():
        async with followed(0.2, 0, ("BTC", "ETH")) as (_, _, tracks, feed, said):
            for _ in range(2):
                time.sleep(0.8)  # noqa: ASYNC251 - nothing runs: more than 3.25 times the patience
                await asyncio.sleep(0.1)
                assert feed.live == len(tracks)
            assert not [message for message in said if "silent" in message]

    ran(run())


@asynccontextmanager
async def fed(faults, speed=1.0, **patience):
    """Books and liquidations of BTC at each venue, the streams stalled as told; a feed by venue."""
    market = Scenario("default", 1)
    clock = EmulatedClock(market.opens_at, speed)
    async with running(market, clock=clock, faults=faults) as emulator:
        market_clock = MarketClock(clock.at_ms, round(clock.wall_started * 1000), clock.speed)
        settings = emulator.config()["exchanges"]
        exchanges = {each: KINDS[each](each, **settings[each]) for each in KINDS}
        venues = {name: Venue(name, exchange, market_clock) for name, exchange in exchanges.items()}
        feeds = {name: BookFeed(venue, market_clock, streams=True, **patience) for name, venue in venues.items()}
        try:
            for name, feed in feeds.items():
                of_venue = [one for one in market.instruments if one.venue == name and one.followed]
                usual = {one.native for one in of_venue if one.base == "BTC"}
                listed = [each for each in await exchanges[name].instruments() if each.native_id in usual]
                tracks = [Track(each, number, market_clock.now()) for number, each in enumerate(listed)]
                await feed.follow(tracks, books=bool(patience))
            yield feeds, emulator.url
        finally:
            for feed in feeds.values():
                await feed.close()
            for venue in venues.values():
                await venue.close()


async def polled(feeds, true, seconds):
    async with asyncio.timeout(seconds):
        while not all(true(feed) for feed in feeds.values()):
            for feed in feeds.values():
                feed.poll()
            await asyncio.sleep(0.1)


def test_books_whose_stream_is_silent_are_begun_anew(ran):
    async def run():
        async with fed("", patience=1.0) as (feeds, url):
            books = {"binance": 2, "okx": 2, "bybit": 2, "coinbase": 1}
            await polled(feeds, lambda feed: feed.live == books[feed._venue.name], 10)
            assert [feed.resyncs for feed in feeds.values()] == [0] * 4
            await set_faults(url, "*:stall/stream")
            await polled(feeds, lambda feed: feed.resyncs, 15)
            # nothing that may be old is taken for the venue's book
            await polled(feeds, lambda feed: feed.live == 0, 5)
            await set_faults(url, "")
            await polled(feeds, lambda feed: feed.live == books[feed._venue.name], 20)

    ran(run())


def test_a_silent_socket_of_one_kind_takes_nothing_of_the_other(ran):
    """The spot books of Binance and Bybit have a host or a path of their own: they are begun anew alone."""

    async def run():
        async with fed("", patience=1.0) as (feeds, url):
            del feeds["okx"], feeds["coinbase"]
            await polled(feeds, lambda feed: feed.live == 2, 10)
            perps = [shelf for feed in feeds.values() for shelf in feed._of("perp")]
            since = [shelf.acknowledged for shelf in perps]
            await set_faults(url, "binance:stall/stream/ws,bybit:stall/spot")
            await polled(feeds, lambda feed: feed.resyncs, 15)
            await polled(feeds, lambda feed: feed.live == 1, 5)
            assert [shelf.acknowledged for shelf in perps] == since
            await set_faults(url, "binance:refuse/stream/ws,bybit:refuse/spot")
            await asyncio.sleep(1)
            assert [shelf.acknowledged for shelf in perps] == since

    ran(run())


def test_liquidations_whose_stream_is_silent_are_begun_anew(ran, monkeypatch):
    monkeypatch.setattr("coinmon_exchanges._stream.liquidations.STALL_TIMEOUT_S", 1.0)
    monkeypatch.setattr("coinmon_exchanges.bybit.liquidations._STALL_TIMEOUT_S", 1.0)

    def listens(feed):
        perps = [shelf for shelf in feed._shelves.values() if shelf.track.instrument.kind == "perp"]
        return all(shelf.listening is not None for shelf in perps)

    async def run():
        # what is always said comes every three seconds of the market
        async with fed("", speed=10.0) as (feeds, url):
            del feeds["coinbase"]
            await polled(feeds, listens, 10)
            await asyncio.sleep(2)
            assert all(listens(feed) for feed in feeds.values())
            await set_faults(url, "*:stall/stream")
            await polled(feeds, lambda feed: not listens(feed), 10)
            await set_faults(url, "")
            await polled(feeds, listens, 20)

    ran(run())
