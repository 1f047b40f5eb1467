"""A machine that was suspended for an hour, and a clock that was set back by one: every minute is there, once."""

import asyncio

from coinmon import MINUTE, Coverage
from coinmon_emulator.scenario.scenario import Scenario


def test_an_hour_asleep_and_an_hour_back(watching):
    async def play():
        async with watching(Scenario("quiet", 1), symbols__names=["BTCUSDT"]) as watched:
            await watched.cycle(0)
            start = watched.hand.now() // MINUTE * MINUTE
            for moved in (60, -60, 60, 1):
                await watched.cycle(moved)
            assert {event["status"] for event in watched.told("venue")} == {"ok"}
            history = watched.history
            proven = [each for each in history.instruments if history.span(each) and each.venue != "bybit"]
            assert len(proven) == 5
            for each in proven:
                bars = history.bars(each, start, start + 61 * MINUTE)
                assert len(bars) == 61, each.id
                assert set(bars.coverage.tolist()) <= {Coverage.TRADES, Coverage.KLINES}

    asyncio.run(play())
