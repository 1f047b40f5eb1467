"""ccxt.pro's own clients, pointed at the emulator, see the trades that happen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from coinmon_emulator.market.market import MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario


def client(venue: str, url: str) -> Any:
    # imported here: every worker reads this file, one of them runs it
    from ccxt.pro.binance import binance
    from ccxt.pro.bybit import bybit
    from ccxt.pro.coinbaseexchange import coinbaseexchange
    from ccxt.pro.okx import okx

    sockets = "ws" + url.removeprefix("http")
    fast = {"enableRateLimit": False}
    if venue == "binance":
        # ccxt takes an address with "/stream" in it for spot's.
        ws = {"spot": f"{sockets}/binance/stream/ws", "linear": f"{sockets}/binance/ws"}
        urls = {"public": f"{url}/binance/api/v3", "fapiPublic": f"{url}/binance/fapi/v1", "ws": ws}
        return binance({"urls": {"api": urls}, "options": {"fetchMarkets": {"types": ["spot", "linear"]}}, **fast})
    if venue == "okx":
        return okx({"urls": {"api": {"rest": f"{url}/okx", "ws": f"{sockets}/okx/ws/v5"}}, **fast})
    if venue == "bybit":
        public = {"spot": f"{sockets}/bybit/v5/public/spot", "linear": f"{sockets}/bybit/v5/public/linear"}
        return bybit({"urls": {"api": {"public": f"{url}/bybit", "ws": {"public": public}}}, **fast})
    return coinbaseexchange({"urls": {"api": {"public": f"{url}/coinbase", "ws": f"{sockets}/coinbase"}}, **fast})


MARKETS: list[tuple[str, str, MarketKind, str, str]] = [
    ("binance", "BTC/USDT", "spot", "BTCUSDT", "trade"),
    ("binance", "BTC/USDT:USDT", "perp", "BTCUSDT", "trade"),
    ("binance", "BTC/USDT:USDT", "perp", "BTCUSDT", "aggTrade"),
    ("okx", "BTC/USDT:USDT", "perp", "BTC-USDT-SWAP", ""),
    ("bybit", "BTC/USDT", "spot", "BTCUSDT", ""),
    ("bybit", "BTC/USDT:USDT", "perp", "BTCUSDT", ""),
    ("coinbase", "BTC/USD", "spot", "BTC-USD", ""),
]


@pytest.mark.parametrize(("venue", "symbol", "kind", "native", "name"), MARKETS)
def test_watch_trades(
    visit: Any, scenario: Scenario, venue: str, symbol: str, kind: MarketKind, native: str, name: str
) -> None:
    async def script(visitor: Any) -> None:
        exchange = client(venue, visitor.emulator.url)
        if name == "aggTrade":
            exchange.options["watchTrades"] = {"name": name}
            exchange.options["watchTradesForSymbols"] = {"name": name}
        try:
            found: list[Any] = []
            async with asyncio.timeout(15):
                await exchange.load_markets()
                while len(found) < 10:
                    found += await exchange.watch_trades(symbol)
        finally:
            await exchange.close()
        view = WorldNow(scenario, visitor.emulator.clock.now())
        one = view.find(venue, kind, native)
        assert one is not None
        contract = 10.0**one.contract_exponent if one.contract_exponent else 1.0
        # Whatever is seen is the market's, in its order, and from the start of watching without a hole.
        true = view.between(one, found[0]["timestamp"], found[-1]["timestamp"] + 1)
        seen = {(row["timestamp"], row["price"], round(row["amount"] * contract, 8)) for row in found}
        market = {
            (time, price / 10**one.price_digits, round(size / 10**one.size_digits, 8))
            for _, time, price, size, _ in true.rows()
        }
        assert seen == market
        assert all(row["timestamp"] >= STARTS_AT - 60_000 for row in found)

    visit(scenario, script, limits=False, speed=300)
