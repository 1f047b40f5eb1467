"""Answers of a replica that is behind come between others: nothing counts twice, or is called what it is not."""

import asyncio

import numpy as np
import pytest

from coinmon import MINUTE, Coverage, Cursor
from coinmon.collect.track.track import Track
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.server.server import running
from coinmon_exchanges.binance.venue import Binance
from coinmon_exchanges.bybit.venue import Bybit
from coinmon_exchanges.ccxt_generic.venue import CcxtGeneric
from coinmon_exchanges.coinbase.venue import Coinbase
from coinmon_exchanges.hyperliquid.venue import Hyperliquid
from coinmon_exchanges.okx.venue import Okx

VENUES = {
    "binance": lambda url: Binance("binance", spot_url=f"{url}/binance", futures_url=f"{url}/binance"),
    "okx": lambda url: Okx("okx", url=f"{url}/okx"),
    "bybit": lambda url: Bybit("bybit", url=f"{url}/bybit"),
    "coinbase": lambda url: Coinbase("coinbase", url=f"{url}/coinbase"),
    "hyperliquid": lambda url: Hyperliquid("hyperliquid", url=f"{url}/hyperliquid"),
    "by ccxt": lambda url: CcxtGeneric("generic", id="okx", url=f"{url}/okx"),
}
SYMBOLS = ("BTC/USDT", "BTC/USD", "BTC/USDC:USDC")
ROUNDS, PAUSE_MS = 16, 11_000


@pytest.mark.parametrize("name", VENUES)
def test_an_answer_that_is_older_than_the_one_before_it_counts_nothing_twice(name):
    async def run():
        market, wall = Scenario("default", 1), [0.0]
        begins = market.opens_at // MINUTE * MINUTE
        clock = EmulatedClock(begins, 1.0, 0.0, lambda: wall[0])
        faults = ",".join(
            f"*:behind=25/{each}?p=0.4" for each in ("trade", "aggTrades", "recent-trade", "info:recentTrades")
        )
        async with running(market, clock=clock, limits=False, faults=faults, seed=3) as emulator:
            venue = VENUES[name](emulator.url)
            instrument = next(each for each in await venue.instruments() if each.symbol in SYMBOLS)
            track = Track(instrument, 1, begins - MINUTE)
            for _ in range(ROUNDS):
                page = await venue.trades(instrument, track.cursor or Cursor(track.start))
                track.take(page, clock.now())
                wall[0] += PAUSE_MS / 1000
            await venue.close()
        settled = track.settle(begins + 2 * MINUTE, 1e9)
        one = next(
            each
            for each in market.instruments
            if (each.kind, each.native) == (instrument.kind, instrument.native_id)
            and each.venue in (instrument.venue, "okx")
        )
        return market, one, settled.bars

    market, one, bars = asyncio.run(run())
    assert len(bars) >= 2
    for row, minute in enumerate(bars.time.tolist()):
        rows = market.rows(one, market.before(one, minute), market.before(one, minute + MINUTE))
        traded = float(np.sum(rows.size)) / 10**one.size_digits
        assert bars.volume[row] <= traded * (1 + 1e-12), "counted twice"
        if bars.coverage[row] == Coverage.TRADES:
            assert bars.volume[row] == pytest.approx(traded, rel=1e-12)
