"""The venues' own units and sides, from their wire to the stored rows: each against the emulator's true trades."""

import asyncio
from collections import defaultdict
from decimal import Decimal

import httpx
import pytest

from coinmon.model.bars import Coverage
from coinmon.model.moment import MINUTE
from coinmon.store.history import History


@pytest.fixture
def one_cycle(watching):
    """Play the default scenario for one cycle, then ask `script` about it."""

    def play(script):
        async def run():
            async with watching(symbols__names=["BTCUSDT"]) as watched:
                await watched.scan.sample_derivatives()
                await watched.cycle(0)
                return await script(watched)

        return asyncio.run(run())

    return play


def stored(watched, id):
    history = History(watched.database)
    instrument = next(each for each in history.with_bars() if each.id == id)
    end = watched.hand.now() - watched.hand.now() % MINUTE
    return instrument, history.bars(instrument, end - 50 * MINUTE, end, levels=True)


async def truth(watched, venue, kind, symbol, start, end):
    """Taker buys and sells in base and quote of each minute, exact."""
    rows = await watched.control("trades", venue=venue, kind=kind, symbol=symbol, start=start, end=end)
    sums = defaultdict(lambda: [Decimal(0)] * 4)
    for row in rows:
        at, price, qty = row["time"] - row["time"] % MINUTE, Decimal(row["price"]), Decimal(row["qty"])
        buy, sell, buy_quote, sell_quote = sums[at]
        if row["side"] > 0:
            sums[at] = [buy + qty, sell, buy_quote + qty * price, sell_quote]
        else:
            sums[at] = [buy, sell + qty, buy_quote, sell_quote + qty * price]
    return sums


MARKETS = {
    # Coinbase names the maker's side
    "coinbase:BTC/USD": ("coinbase", "spot", "BTC-USD"),
    # OKX counts swaps in contracts of 0.01 BTC
    "okx:BTC/USDT:USDT": ("okx", "perp", "BTC-USDT-SWAP"),
    "okx:BTC/USDT": ("okx", "spot", "BTC-USDT"),
    # Bybit's perps have ids that do not grow
    "bybit:BTC/USDT:USDT": ("bybit", "perp", "BTCUSDT"),
    "bybit:BTC/USDT": ("bybit", "spot", "BTCUSDT"),
    # Binance's buyer-is-maker flag is a taker sell
    "binance:BTC/USDT": ("binance", "spot", "BTCUSDT"),
    "binance:BTC/USDT:USDT": ("binance", "perp", "BTCUSDT"),
}


def test_bars_hold_takers_sides_in_base_and_quote(one_cycle):
    async def script(watched):
        seen = {}
        for id, market in MARKETS.items():
            instrument, bars = stored(watched, id)
            start, end = int(bars.time[0]), int(bars.time[-1]) + MINUTE
            seen[id] = instrument, bars, await truth(watched, *market, start, end)
        return seen

    for id, (instrument, bars, minutes) in one_cycle(script).items():
        assert len(bars) == 50, id
        assert set(bars.coverage.tolist()) == {Coverage.TRADES}, id
        assert len(minutes) > 40, id
        for number, at in enumerate(bars.time.tolist()):
            buy, sell, buy_quote, sell_quote = map(float, minutes[at])
            assert bars.buy[number] == pytest.approx(buy, rel=1e-12), id
            assert bars.volume[number] == pytest.approx(buy + sell, rel=1e-12), id
            assert bars.buy_quote[number] == pytest.approx(buy_quote, rel=1e-12), id
            assert bars.quote_volume[number] == pytest.approx(buy_quote + sell_quote, rel=1e-12), id
        assert bars.levels.buy.sum() == pytest.approx(bars.buy.sum(), rel=1e-12), id
        assert bars.levels.sell.sum() == pytest.approx((bars.volume - bars.buy).sum(), rel=1e-12), id
        assert bars.levels.ticks.min() == bars.low[bars.volume > 0].min(), id
        # 96 400 dollars, whatever the venue's price steps
        assert 90_000 < float(bars.close[-1] * instrument.tick_size) < 100_000, id


def test_open_interest_is_one_sided_in_base_on_every_venue(one_cycle):
    """Bybit reports both sides, OKX contracts, Binance base: the stored figure is what each market really has."""

    async def script(watched):
        url, now = watched.emulator.url, watched.hand.now()
        async with httpx.AsyncClient(trust_env=False) as client:

            async def ask(path):
                return (await client.get(url + path)).json()

            bybit = (await ask("/bybit/v5/market/tickers?category=linear&symbol=BTCUSDT"))["result"]["list"][0]
            okx = (await ask("/okx/api/v5/public/open-interest?instType=SWAP&instId=BTC-USDT-SWAP"))["data"][0]
            swap = (await ask("/okx/api/v5/public/instruments?instType=SWAP&instId=BTC-USDT-SWAP"))["data"][0]
            binance = await ask("/binance/fapi/v1/openInterest?symbol=BTCUSDT")
        perps = {each.venue: each for each in watched.history.with_bars() if each.kind == "perp"}
        samples = {
            name: watched.history.open_interest(each, now - 10 * MINUTE, now + 1) for name, each in perps.items()
        }
        return bybit, okx, swap, binance, samples

    bybit, okx, swap, binance, samples = one_cycle(script)
    assert set(samples) == {"binance", "okx", "bybit"}
    base = {name: rows[-1].base for name, rows in samples.items()}
    assert base["bybit"] == pytest.approx(float(bybit["singleOpenInterest"]), rel=1e-9)
    assert base["bybit"] == pytest.approx(float(bybit["openInterest"]) / 2, rel=1e-3)
    assert base["okx"] == pytest.approx(float(okx["oi"]) * float(swap["ctVal"]), rel=1e-9)
    assert base["binance"] == pytest.approx(float(binance["openInterest"]), rel=1e-9)
