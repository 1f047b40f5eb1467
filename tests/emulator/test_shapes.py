"""Replies have the shape of the recorded ones: the same keys, and strings where the venue sends strings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from coinmon_emulator.scenario.scenario import Scenario

SPOT = {"symbol": "BTCUSDT"}
LINEAR = {"category": "linear", "symbol": "BTCUSDT"}
BYBIT_SPOT = {"category": "spot", "symbol": "BTCUSDT"}
SWAP = {"instId": "BTC-USDT-SWAP"}
# file, entry, number of the recording, path, query
REPLIES = [
    ("binance", "fetchOHLCV", 0, "/binance/api/v3/klines", SPOT | {"interval": "1h", "limit": 3}),
    ("binance", "fetchOHLCV", 2, "/binance/fapi/v1/klines", SPOT | {"interval": "1m", "limit": 3}),
    ("binance", "fetchOrderBook", 0, "/binance/api/v3/depth", SPOT | {"limit": 2}),
    ("binance", "fetchOrderBook", 1, "/binance/fapi/v1/depth", SPOT | {"limit": 5}),
    ("binance", "fetchTrades", 0, "/binance/api/v3/aggTrades", SPOT | {"limit": 1}),
    ("binance", "fetchTicker", 0, "/binance/api/v3/ticker/24hr", SPOT),
    ("okx", "fetchOrderBook", 0, "/okx/api/v5/market/books", SWAP | {"sz": 2}),
    ("okx", "fetchOrderBook", 1, "/okx/api/v5/market/books", {"instId": "BTC-USDT", "sz": 2}),
    ("okx", "fetchOHLCV", 0, "/okx/api/v5/market/candles", {"instId": "BTC-USDT", "bar": "1H", "limit": 3}),
    ("okx", "fetchTrades", 0, "/okx/api/v5/market/trades", {"instId": "BTC-USDT", "limit": 1}),
    ("okx", "fetchTicker", 0, "/okx/api/v5/market/ticker", {"instId": "BTC-USDT"}),
    ("okx", "fetchOpenInterest", 0, "/okx/api/v5/public/open-interest", SWAP | {"instType": "SWAP"}),
    ("bybit", "fetchOpenInterest", 0, "/bybit/v5/market/open-interest", LINEAR | {"intervalTime": "1h", "limit": 1}),
    ("bybit", "fetchOHLCV", 0, "/bybit/v5/market/kline", LINEAR | {"interval": 60, "limit": 3}),
    ("bybit", "fetchOrderBook", 0, "/bybit/v5/market/orderbook", LINEAR | {"limit": 2}),
    ("bybit", "fetchOrderBook", 1, "/bybit/v5/market/orderbook", BYBIT_SPOT | {"limit": 2}),
    ("bybit", "fetchTrades", 0, "/bybit/v5/market/recent-trade", LINEAR | {"limit": 1}),
    ("bybit", "fetchTicker", 0, "/bybit/v5/market/tickers", LINEAR),
    ("bybit", "fetchFundingRate", 0, "/bybit/v5/market/tickers", LINEAR),
    ("coinbaseexchange", "fetchTrades", 0, "/coinbase/products/BTC-USD/trades", {"limit": 1}),
    ("coinbaseexchange", "fetchTicker", 0, "/coinbase/products/BTC-USD/ticker", {}),
    ("coinbaseexchange", "fetchOHLCV", 0, "/coinbase/products/BTC-USD/candles", {"granularity": 3600}),
]
LISTINGS = [
    ("binance", "BTC/USDT", "/binance/api/v3/exchangeInfo", SPOT),
    ("binanceusdm", "BTC/USDT:USDT", "/binance/fapi/v1/exchangeInfo", SPOT),
    ("bybit", "BTC/USDT", "/bybit/v5/market/instruments-info", BYBIT_SPOT),
    ("bybit", "BTC/USDT:USDT", "/bybit/v5/market/instruments-info", LINEAR),
    ("okx", "BTC/USDT", "/okx/api/v5/public/instruments", {"instType": "SPOT", "instId": "BTC-USDT"}),
    ("okx", "BTC/USDT:USDT", "/okx/api/v5/public/instruments", SWAP | {"instType": "SWAP"}),
    ("coinbaseexchange", "BTC/USD", "/coinbase/products/BTC-USD", {}),
]
# Keys that ccxt put into its recordings of Bybit's tickers.
ADDED_BY_THE_RECORDER = {"timestamp"}


def compare(recorded: Any, ours: Any, where: str) -> list[str]:
    """What the recorded value has and ours has not; numbers may have been quoted by the recorder."""
    if isinstance(recorded, dict):
        if not isinstance(ours, dict):
            return [f"{where} is {ours!r}"]
        wrong = [f"{where} lacks {key}" for key in recorded.keys() - ours.keys() - ADDED_BY_THE_RECORDER]
        for key in recorded.keys() & ours.keys():
            wrong += compare(recorded[key], ours[key], f"{where}.{key}")
        return wrong
    if isinstance(recorded, list):
        if not isinstance(ours, list) or (recorded and not ours):
            return [f"{where} is {ours!r}"]
        wrong = []
        if recorded and not isinstance(recorded[0], (list, dict)) and len(recorded) != len(ours):
            wrong.append(f"{where} has {len(ours)} items instead of {len(recorded)}")
        for place, (one, other) in enumerate(zip(recorded, ours, strict=False)):
            wrong += compare(one, other, f"{where}[{place}]")
        return wrong
    if isinstance(recorded, str) and re.fullmatch(r"-?\d+", recorded) and type(ours) is int:
        return []
    same = type(recorded) is type(ours) or {type(recorded), type(ours)} <= {int, float}
    return [] if same else [f"{where} is {ours!r}, recorded {recorded!r}"]


def recorded(real: Path, name: str) -> Any:
    return orjson.loads((real / "responses" / f"{name}.json").read_bytes())


@pytest.mark.parametrize(("name", "entry", "place", "path", "query"), REPLIES)
def test_a_reply_has_the_shape_of_the_recorded_one(
    visit: Any, scenario: Scenario, real: Path, name: str, entry: str, place: int, path: str, query: dict[str, Any]
) -> None:
    expected = recorded(real, name)[entry][place]["httpResponse"]
    ours = visit(scenario, lambda visitor: visitor.get(path, **query))
    assert compare(expected, ours, entry) == []


@pytest.mark.parametrize(("name", "symbol", "path", "query"), LISTINGS)
def test_an_instrument_is_listed_with_the_recorded_fields(
    visit: Any, scenario: Scenario, real: Path, name: str, symbol: str, path: str, query: dict[str, Any]
) -> None:
    entries = recorded(real, name)["fetchMarkets_entries"]
    expected = next(entry["info"] for entry in entries if entry["symbol"] == symbol)
    ours = visit(scenario, lambda visitor: visitor.get(path, **query))
    for inside in ("symbols", "data", "result", "list"):
        ours = ours[inside] if isinstance(ours, dict) and inside in ours else ours
    ours = ours[0] if isinstance(ours, list) else ours
    missing = expected.keys() - ours.keys()
    assert missing == set()
    if name.startswith("binance"):
        kept = {each["filterType"] for each in ours["filters"]}
        assert {"PRICE_FILTER", "LOT_SIZE"} <= kept
    assert compare(expected.get("lotSizeFilter"), ours.get("lotSizeFilter"), "lotSizeFilter") == []


def test_errors_are_in_each_venues_own_words(visit: Any, scenario: Scenario) -> None:
    cases = [
        (
            "/binance/api/v3/klines",
            {"symbol": "NOPE", "interval": "1m"},
            400,
            {"code": -1121, "msg": "Invalid symbol."},
        ),
        ("/binance/api/v3/klines", {"interval": "1m"}, 400, {"code": -1102}),
        ("/binance/api/v3/klines", SPOT | {"interval": "7m"}, 400, {"code": -1120}),
        ("/binance/api/v3/klines", SPOT | {"interval": "1m", "limit": "ten"}, 400, {"code": -1100}),
        ("/binance/fapi/v1/klines", SPOT | {"interval": "1m", "limit": 1501}, 400, {"code": -1130}),
        (
            "/binance/fapi/v1/aggTrades",
            SPOT | {"startTime": 1768470000000, "endTime": 1768473600000},
            400,
            {"code": -1127},
        ),
        ("/binance/fapi/v1/aggTrades", SPOT | {"startTime": 1768470000000, "fromId": 1}, 400, {"code": -1128}),
        ("/binance/fapi/v1/aggTrades", SPOT | {"startTime": 1768470000000 - 49 * 3_600_000}, 400, {"code": -1130}),
        ("/binance/fapi/v1/depth", SPOT | {"limit": 7}, 400, {"code": -4021}),
        ("/binance/fapi/v1/historicalTrades", SPOT, 401, {"code": -2014}),
        ("/binance/fapi/v1/nothing", {}, 404, {"code": -5000}),
        ("/okx/api/v5/market/candles", {"instId": "NO-USDT"}, 200, {"code": "51001", "data": []}),
        ("/okx/api/v5/market/candles", {}, 400, {"code": "50014"}),
        ("/okx/api/v5/market/candles", {"instId": "BTC-USDT", "bar": "7m"}, 200, {"code": "51000"}),
        ("/okx/api/v5/public/instruments", {"instType": "OPTION", "uly": "BTC-USD"}, 200, {"code": "0", "data": []}),
        ("/bybit/v5/market/kline", {"category": "linear", "symbol": "NOPE", "interval": 1}, 200, {"retCode": 10001}),
        ("/bybit/v5/market/kline", LINEAR | {"interval": "7"}, 200, {"retCode": 10001}),
        ("/bybit/v5/market/funding/history", LINEAR | {"startTime": 1}, 200, {"retCode": 10001}),
        ("/coinbase/products/NO-USD/trades", {}, 404, {"message": "NotFound"}),
        ("/coinbase/products/BTC-USD/candles", {"granularity": 61}, 400, {"message": "Unsupported granularity"}),
    ]

    async def script(visitor: Any) -> None:
        for path, query, status, body in cases:
            answer = await visitor.ask(path, **query)
            assert answer.status == status, (path, query, answer.raw)
            assert body.items() <= answer.json.items(), (path, query, answer.raw)

    visit(scenario, script, limits=False)


def test_bybit_counts_both_sides_of_the_open_interest_and_says_one(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        ticker = (await visitor.get("/bybit/v5/market/tickers", **LINEAR))["result"]["list"][0]
        assert float(ticker["openInterest"]) == pytest.approx(2 * float(ticker["singleOpenInterest"]))
        history = await visitor.get("/bybit/v5/market/open-interest", **LINEAR, intervalTime="5min", limit=2)
        row = history["result"]["list"][0]
        assert float(row["openInterest"]) == pytest.approx(2 * float(row["singleOpenInterest"]))

    visit(scenario, script)


def test_okx_counts_swaps_in_contracts(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        for base, contract in (("BTC", 0.01), ("ETH", 0.1), ("XRP", 100.0), ("DOGE", 1000.0)):
            query = {"instId": f"{base}-USDT-SWAP"}
            listed = (await visitor.get("/okx/api/v5/public/instruments", instType="SWAP", **query))["data"][0]
            assert float(listed["ctVal"]) == contract
            row = (await visitor.get("/okx/api/v5/market/candles", **query, limit=2))["data"][1]
            assert float(row[5]) * contract == pytest.approx(float(row[6]))
            assert float(row[6]) * float(row[4]) == pytest.approx(float(row[7]), rel=0.01)
            held = (await visitor.get("/okx/api/v5/public/open-interest", instType="SWAP", **query))["data"][0]
            assert float(held["oi"]) * contract == pytest.approx(float(held["oiCcy"]))

    visit(scenario, script)
