"""Klines: closed minutes of exactly the range asked for, whatever the page size, checked against the trades."""

import asyncio

import numpy as np
import pytest

from coinmon import Coverage, Cursor

MINUTE = 60_000
VENUES = [
    ("binance", "BTC/USDT"),
    ("binance", "ETH/USDT:USDT"),
    ("okx", "BTC/USDT"),
    ("okx", "ETH/USDT:USDT"),
    ("bybit", "BTC/USDT"),
    ("bybit", "ETH/USDT:USDT"),
    ("coinbase", "BTC/USD"),
    ("hyperliquid", "BTC/USDC:USDC"),
    ("generic", "BTC/USDT"),
]


async def find(venue, symbol):
    return next(each for each in await venue.instruments() if each.symbol == symbol)


@pytest.mark.parametrize(("name", "symbol"), VENUES)
def test_a_range_over_many_pages_comes_whole_and_in_order(emulated, name, symbol):
    """1500 minutes: more than one page anywhere, and older than OKX's candles reach."""

    async def script():
        async with emulated() as market:
            venue = getattr(market, name)
            traded = await find(venue, symbol)
            now = market.clock.now()
            end = now - now % MINUTE
            bars = await venue.bars(traded, end - 1500 * MINUTE, end)
            expected = np.arange(end - 1500 * MINUTE, end, MINUTE)
            if name == "coinbase":  # publishes no candle for a minute without trades
                assert len(bars) > 1450
                assert np.isin(bars.time, expected).all()
                assert (np.diff(bars.time) > 0).all()
            else:
                assert bars.time.tolist() == expected.tolist()
            assert (bars.low <= np.minimum(bars.open, bars.close)).all()
            assert (bars.high >= np.maximum(bars.open, bars.close)).all()
            split = name == "binance"
            assert set(bars.coverage) == {Coverage.KLINES if split else Coverage.PARTIAL}
            assert np.isnan(bars.buy).all() != split
            assert np.isnan(bars.buy_quote).all() != split
            assert (bars.trades.min() >= 0) == (split or name == "hyperliquid")
            assert np.isnan(bars.quote_volume).all() == (name in ("coinbase", "hyperliquid", "generic"))
            assert len(await venue.bars(traded, end, end)) == 0
            # the minutes that open in the range, when it does not begin or end at one
            odd = await venue.bars(traded, end - 3 * MINUTE - 1, end - 2 * MINUTE + 1)
            assert set(odd.time) <= {end - 3 * MINUTE, end - 2 * MINUTE}
            assert len(await venue.bars(traded, end - 3 * MINUTE + 1, end - 3 * MINUTE + 59_999)) == 0
            middle = await venue.bars(traded, end - 700 * MINUTE, end - 600 * MINUTE)
            assert middle.time[0] >= end - 700 * MINUTE
            assert middle.time[-1] < end - 600 * MINUTE

    asyncio.run(script())


@pytest.mark.parametrize(("name", "symbol"), VENUES)
def test_the_open_minute_is_left_out(emulated, name, symbol):
    """Our clock may run ahead of the venue's: bars end at the venue's last closed minute, whatever was asked for."""

    async def script():
        async with emulated() as market:
            venue = getattr(market, name)
            traded = await find(venue, symbol)
            now = market.clock.now()
            last_closed = now - now % MINUTE - MINUTE
            bars = await venue.bars(traded, last_closed - 9 * MINUTE, last_closed + 2 * MINUTE)
            assert bars.time[-1] == last_closed
            assert len(bars) > 7

    asyncio.run(script())


# Hyperliquid tells the last ten trades: tests/stream holds its candles against those of its stream
@pytest.mark.parametrize(("name", "symbol"), [each for each in VENUES if each[0] != "hyperliquid"])
def test_klines_agree_with_the_trades(emulated, name, symbol):
    async def script():
        async with emulated() as market:
            venue = getattr(market, name)
            traded = await find(venue, symbol)
            now = market.clock.now()
            end = now - now % MINUTE
            bars = await venue.bars(traded, end - 3 * MINUTE, end)
            cursor, trades = Cursor(end - 3 * MINUTE), None
            page = await venue.trades(traded, cursor)
            trades = page.trades
            assert page.joined
            assert not page.more
            for at in range(len(bars)):
                inside = trades[(trades.time >= bars.time[at]) & (trades.time < bars.time[at] + MINUTE)]
                assert bars.volume[at] == pytest.approx(inside.qty.sum(), rel=1e-9)
                assert bars.close[at] == inside.ticks[-1]
                if name == "binance":
                    assert bars.buy[at] == pytest.approx(inside.qty[inside.side > 0].sum(), rel=1e-9)

    asyncio.run(script())


def test_asking_for_the_clock_is_only_needed_when_no_later_minute_shows(emulated):
    async def script():
        async with emulated() as market:
            traded = await find(market.binance, "BTC/USDT")
            sent = market.binance.requests
            now = market.clock.now()
            end = now - now % MINUTE
            await market.binance.bars(traded, end - 10 * MINUTE, end)
            assert market.binance.requests == sent + 1

    asyncio.run(script())
