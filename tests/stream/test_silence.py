"""An acknowledged stream that says nothing, while its venue trades: noticed, told once, polled, and begun anew."""

import asyncio

from loguru import logger

from coinmon import MINUTE
from coinmon.clock import Clock as MarketClock
from coinmon.collect.stream import Feed
from coinmon.collect.track import Track
from coinmon.collect.venue import Venue
from coinmon_emulator._clock import Clock
from coinmon_emulator._scenario import Scenario
from coinmon_emulator._server import running
from coinmon_exchanges.okx import Okx


async def eventually(true, seconds):
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def test_a_stall_is_noticed_told_once_and_polled(ran):
    async def run():
        said = []
        sink = logger.add(lambda message: said.append(message.record), level="INFO")
        market = Scenario("default", 1)
        clock = Clock(market.opens_at, 60)
        async with running(market, clock=clock, faults="okx:stall@0+2.5/stream") as emulator:
            okx = Okx("okx", **emulator.config()["exchanges"]["okx"])
            market_clock = MarketClock(clock.at_ms, round(clock.wall_started * 1000), clock.speed)
            venue = Venue("okx", okx, market_clock)
            start = market_clock.now() // MINUTE * MINUTE
            busy = [each for each in await okx.instruments() if each.base in ("BTC", "ETH")]
            tracks = [Track(each, number, start) for number, each in enumerate(busy)]
            feed = Feed(venue, market_clock, patience=0.5)
            try:
                await venue.read(tracks, start, 5)
                await feed.follow(tracks)
                await eventually(lambda: feed.live == len(tracks), 5)  # acknowledged
                await eventually(lambda: feed.live == 0, 5)  # and known to be silent
                assert sum("silent" in record["message"] for record in said) == 1
                await venue.read(tracks, start + MINUTE, 5)
                assert all(track.cursor.last_id for track in tracks)
                await eventually(lambda: feed.live == len(tracks), 10)  # once it speaks
                assert sum("silent" in record["message"] for record in said) == 1
            finally:
                logger.remove(sink)
                await feed.close()
                await venue.close()

    ran(run())


def test_quiet_instruments_are_not_taken_for_stalled(ran):
    async def run():
        said = []
        sink = logger.add(lambda message: said.append(message.record), level="INFO")
        market = Scenario("default", 1)
        # a standing clock: nothing trades, and the venue's tickers say so
        async with running(market, clock=Clock(market.opens_at, 0)) as emulator:
            okx = Okx("okx", **emulator.config()["exchanges"]["okx"])
            clock = MarketClock(market.opens_at, 0, 0)
            venue = Venue("okx", okx, clock)
            start = clock.now() // MINUTE * MINUTE
            tracks = [Track(each, number, start) for number, each in enumerate(await okx.instruments())]
            feed = Feed(venue, clock, patience=0.2)
            try:
                await venue.read(tracks, start, 5)
                await feed.follow(tracks)
                await eventually(lambda: feed.live == len(tracks), 5)
                await asyncio.sleep(1)
                assert feed.live == len(tracks)
                assert not [record for record in said if "silent" in record["message"]]
            finally:
                logger.remove(sink)
                await feed.close()
                await venue.close()

    ran(run())
