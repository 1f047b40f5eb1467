"""A fresh start: what only time can fill is told as warming, and the verdict names the venue that it waits for."""

import asyncio

from coinmon_emulator.scenario.load import Load


def test_a_verdict_names_the_venue_that_is_warming(watching):
    async def play():
        # Bybit shows 60 trades of the past, which is some minutes of its spot market here
        market = Load("load:rate=1,okx=2,binance=2,bybit=2,coinbase=1")
        async with watching(market, lang="en") as watched:
            counts = []
            for minutes in (0, 1, 1, 1):
                (flow,) = (each for each in await watched.cycle(minutes) if each["event"] == "flow")
                venues = flow["venues"]
                seen = venues["bybit"]
                assert seen["warming"]
                assert flow["consensus"] is None
                assert f"bybit warming {seen['complete']}/50" in flow["consensus_reason"]
                assert {venues[name]["warming"] for name in ("binance", "okx", "coinbase")} == {False}
                counts.append(seen["complete"])
            assert 0 < counts[0] < 40
            # each minute that passes is seen
            assert counts == [counts[0] + number for number in range(4)]

    asyncio.run(play())


def test_a_window_of_which_nothing_is_seen_yet_is_warming_too(watching):
    async def play():
        # Bybit's 60 trades of the past are less than a minute of its spot market here
        market = Load("load:rate=12,okx=1,binance=1,bybit=2,coinbase=1")
        async with watching(market, lang="en", window=5) as watched:
            told = await watched.cycle(0)
            (flow,) = (each for each in told if each["event"] == "flow")
            assert (flow["venues"]["bybit"]["complete"], flow["venues"]["bybit"]["warming"]) == (0, True)
            assert "bybit warming 0/5" in flow["consensus_reason"]
            assert told[-1]["health"]["warming"]["failed"] == {}

    asyncio.run(play())
