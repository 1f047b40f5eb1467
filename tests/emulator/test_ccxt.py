"""ccxt's own classes, pointed at the emulator, must read every answer as they read the venues'."""

from __future__ import annotations

from typing import Any

import pytest

from coinmon_emulator.market.market import Listed
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario

LAST_MINUTE = STARTS_AT // 60_000 * 60_000 - 60_000


def clients(url: str) -> list[Any]:
    # imported here: every worker reads this file, one of them runs it
    from ccxt.async_support.binance import binance
    from ccxt.async_support.bybit import bybit
    from ccxt.async_support.coinbaseexchange import coinbaseexchange
    from ccxt.async_support.okx import okx

    linear_and_spot = {"fetchMarkets": {"types": ["spot", "linear"]}}
    binance_urls = {
        "public": f"{url}/binance/api/v3",
        "fapiPublic": f"{url}/binance/fapi/v1",
        "fapiData": f"{url}/binance/futures/data",
    }
    fast = {"enableRateLimit": False}
    return [
        binance({"urls": {"api": binance_urls}, "options": linear_and_spot, **fast}),
        okx({"urls": {"api": {"rest": f"{url}/okx"}}, **fast}),
        bybit({"urls": {"api": {"public": f"{url}/bybit"}}, **fast}),
        coinbaseexchange({"urls": {"api": {"public": f"{url}/coinbase"}}, **fast}),
    ]


def market_of(one: Listed) -> str:
    return f"{one.base}/{one.quote}" + (f":{one.quote}" if one.kind == "perp" else "")


async def see(client: Any, view: WorldNow, one: Listed) -> None:
    symbol = market_of(one)
    truth = view.latest(one, 20)
    scale = 10**one.price_digits
    contract = client.market(symbol)["contractSize"] or 1
    assert client.market(symbol)["precision"]["price"] == pytest.approx(one.tick / scale)
    assert client.market(symbol)["precision"]["amount"] * contract == pytest.approx(one.lot / 10**one.size_digits)

    trades = await client.fetch_trades(symbol, limit=20)
    assert [trade["timestamp"] for trade in trades] == truth.time.tolist()
    assert [trade["price"] for trade in trades] == [price / scale for price in truth.price.tolist()]
    sizes = [size / 10**one.size_digits for size in truth.size.tolist()]
    assert [trade["amount"] * contract for trade in trades] == pytest.approx(sizes)
    assert [trade["side"] for trade in trades] == ["buy" if side > 0 else "sell" for side in truth.side]

    candles = await client.fetch_ohlcv(symbol, "1m", LAST_MINUTE - 9 * 60_000, 10)
    minute = view.between(one, LAST_MINUTE, LAST_MINUTE + 60_000)
    closed = next(candle for candle in candles if candle[0] == LAST_MINUTE)
    assert closed[4] == minute.price[-1] / scale
    assert closed[5] == pytest.approx(minute.size.sum() / 10**one.size_digits)
    if one.venue != "bybit":
        assert closed[1:4] == [minute.price[0] / scale, minute.price.max() / scale, minute.price.min() / scale]

    ticker = await client.fetch_ticker(symbol)
    assert ticker["last"] == truth.price[-1] / scale
    book = await client.fetch_order_book(symbol, 5)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert book["bids"] == sorted(book["bids"], reverse=True)

    if one.kind == "perp":
        mark = view.mark(one)
        assert mark is not None
        funding = await client.fetch_funding_rate(symbol)
        assert funding["fundingRate"] == pytest.approx(mark.rate)
        assert funding["fundingTimestamp"] == mark.next_ms
        if funding["markPrice"] is not None:
            assert funding["markPrice"] == pytest.approx(mark.mark, rel=1e-4)
        held = view.open_interest(one)
        assert held is not None
        told = await client.fetch_open_interest(symbol)
        # ccxt reads Bybit's openInterest, which counts both sides, of the last full hour.
        expected = {"okx": held / contract, "bybit": 2 * held}.get(one.venue, held)
        assert told["openInterestAmount"] == pytest.approx(expected, rel=0.05 if one.venue == "bybit" else 1e-3)
        history = await client.fetch_funding_rate_history(symbol, limit=3)
        if history:
            assert history[-1]["fundingRate"] == pytest.approx(mark.settled)
            assert history[-1]["timestamp"] == mark.next_ms - mark.hours * 3_600_000


@pytest.mark.parametrize("place", range(4), ids=["binance", "okx", "bybit", "coinbase"])
def test_ccxt_reads_what_the_market_holds(visit: Any, scenario: Scenario, place: int) -> None:
    async def script(visitor: Any) -> None:
        client = clients(visitor.emulator.url)[place]
        try:
            await client.load_markets()
            view = WorldNow(scenario, STARTS_AT)
            venue = {"coinbaseexchange": "coinbase"}.get(client.id, client.id)
            listed = view.listed(venue)
            assert set(client.markets) >= {market_of(one) for one in listed if one.followed}
            for one in listed:
                if one.followed and one.base in ("BTC", "DOGE"):
                    await see(client, view, one)
        finally:
            await client.close()

    visit(scenario, script, limits=False)


def test_ccxt_reads_an_open_interest_history(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        for client in clients(visitor.emulator.url)[:3]:
            try:
                await client.load_markets()
                rows = await client.fetch_open_interest_history("BTC/USDT:USDT", "5m", limit=5)
                assert len(rows) == 5, client.id
                assert rows[-1]["timestamp"] == STARTS_AT // 300_000 * 300_000
            finally:
                await client.close()

    visit(scenario, script, limits=False)
