"""Rate limits are the venues' own: weights, windows, headers, and what comes after they are ignored."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.venues.binance.limits import BinanceLimits, binance_weight
from coinmon_emulator.venues.bybit.limits import BybitLimits
from coinmon_emulator.venues.coinbase.limits import CoinbaseLimits
from coinmon_emulator.venues.okx.limits import OkxLimits

BTC = {"symbol": "BTCUSDT"}


class Wall:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("endpoint", "query", "weight"),
    [
        ("/api/v3/ping", {}, 1),
        ("/api/v3/exchangeInfo", {}, 20),
        ("/api/v3/klines", BTC, 2),
        ("/api/v3/aggTrades", BTC, 4),
        ("/api/v3/trades", BTC, 25),
        ("/api/v3/ticker/24hr", BTC, 2),
        ("/api/v3/ticker/24hr", {}, 80),
        ("/api/v3/ticker/24hr", {"symbols": '["BTCUSDT","ETHUSDT"]'}, 2),
        ("/api/v3/depth", BTC, 5),
        ("/api/v3/depth", BTC | {"limit": "500"}, 25),
        ("/api/v3/depth", BTC | {"limit": "1000"}, 50),
        ("/api/v3/depth", BTC | {"limit": "5000"}, 250),
        ("/fapi/v1/klines", BTC | {"limit": "99"}, 1),
        ("/fapi/v1/klines", BTC, 5),
        ("/fapi/v1/klines", BTC | {"limit": "499"}, 2),
        ("/fapi/v1/klines", BTC | {"limit": "1500"}, 10),
        ("/fapi/v1/aggTrades", BTC, 20),
        ("/fapi/v1/trades", BTC, 5),
        ("/fapi/v1/premiumIndex", {}, 10),
        ("/fapi/v1/premiumIndex", BTC, 1),
        ("/fapi/v1/openInterest", BTC, 1),
        ("/fapi/v1/ticker/24hr", {}, 40),
        ("/fapi/v1/depth", BTC | {"limit": "50"}, 2),
        ("/fapi/v1/depth", BTC | {"limit": "100"}, 5),
        ("/fapi/v1/depth", BTC | {"limit": "1000"}, 20),
    ],
)
def test_binance_weights(endpoint: str, query: dict[str, str], weight: int) -> None:
    assert binance_weight(endpoint, query) == weight


def test_binance_spends_a_minutes_weight_then_429_then_418(visit: Any) -> None:
    wall = Wall()
    limits = BinanceLimits(wall)
    passed = 0
    while limits.admit("/api/v3/aggTrades", BTC) is None:
        passed += 1
    assert passed == 1500
    wall.seconds = 40
    refused = limits.admit("/api/v3/aggTrades", BTC)
    assert refused is not None
    assert (refused.status, refused.headers["Retry-After"], refused.body["code"]) == (429, "20", -1003)
    assert limits.admit("/fapi/v1/aggTrades", BTC) is None, "USD-M has its own budget"
    for _ in range(30):
        refused = limits.admit("/api/v3/aggTrades", BTC)
    assert refused is not None
    assert refused.status == 418
    wall.seconds = 100
    refused = limits.admit("/fapi/v1/ping", {})
    assert refused is not None
    assert refused.status == 418, "a ban is for the address"
    wall.seconds = 161
    assert limits.admit("/api/v3/aggTrades", BTC) is None
    assert limits.headers("/api/v3/aggTrades") == {"X-MBX-USED-WEIGHT-1M": "4"}


def test_binance_funding_and_statistics_have_their_own_five_minutes() -> None:
    limits = BinanceLimits(Wall())
    assert all(limits.admit("/fapi/v1/fundingRate", BTC) is None for _ in range(500))
    assert limits.admit("/fapi/v1/fundingInfo", {}) is not None
    assert all(limits.admit("/futures/data/openInterestHist", BTC) is None for _ in range(1000))
    assert limits.admit("/futures/data/openInterestHist", BTC) is not None
    assert limits.headers("/fapi/v1/fundingRate") == {"X-MBX-USED-WEIGHT-1M": "0"}


def test_okx_counts_each_endpoint_in_two_seconds() -> None:
    wall = Wall()
    limits = OkxLimits(wall)
    candles, trades = "/api/v5/market/candles", "/api/v5/market/trades"
    assert all(limits.admit(candles, {"instId": str(n)}) is None for n in range(40))
    refused = limits.admit(candles, {"instId": "41"})
    assert refused is not None
    assert (refused.status, refused.body) == (429, {"msg": "Too Many Requests", "code": "50011"})
    assert all(limits.admit(trades, {}) is None for _ in range(100))
    wall.seconds = 2.001
    assert limits.admit(candles, {}) is None
    funding = "/api/v5/public/funding-rate"
    for name in ("A", "B"):
        assert all(limits.admit(funding, {"instId": name}) is None for _ in range(10))
        assert limits.admit(funding, {"instId": name}) is not None


def test_a_steady_okx_client_is_never_refused() -> None:
    wall = Wall()
    limits = OkxLimits(wall)
    for request in range(559):
        wall.seconds = request / 19.9
        assert limits.admit("/api/v5/market/candles", {}) is None


def test_bybit_shuts_an_address_out_for_ten_minutes() -> None:
    wall = Wall()
    limits = BybitLimits(wall)
    assert all(limits.admit("/v5/market/time", {}) is None for _ in range(600))
    refused = limits.admit("/v5/market/time", {})
    assert refused is not None
    assert (refused.status, refused.body) == (403, b"access too frequent")
    wall.seconds = 599
    assert limits.admit("/v5/market/time", {}) is not None
    wall.seconds = 601
    assert limits.admit("/v5/market/time", {}) is None


def test_coinbase_takes_a_burst_of_fifteen_then_ten_a_second() -> None:
    wall = Wall()
    limits = CoinbaseLimits(wall)
    assert sum(limits.admit("/time", {}) is None for _ in range(20)) == 15
    wall.seconds = 1.0
    assert sum(limits.admit("/time", {}) is None for _ in range(20)) == 10


def test_limits_answer_over_http_and_are_counted_in_real_time(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        answers = await asyncio.gather(*(visitor.ask("/coinbase/time") for _ in range(40)))
        statuses = sorted(answer.status for answer in answers)
        assert statuses.count(200) in range(15, 18)
        assert statuses[-1] == 429
        answer = await visitor.ask("/binance/api/v3/klines", symbol="BTCUSDT", interval="1m")
        assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "2"
        answer = await visitor.ask("/binance/api/v3/klines", symbol="NOPE", interval="1m")
        assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "4"
        log = await visitor.get("/emulator/log")
        assert log["coinbase"]["requests"] == 40
        assert log["coinbase"]["limited"] == statuses.count(429)
        assert log["binance"]["endpoints"]["/api/v3/klines"] == {"200": 1, "400": 1}

    visit(scenario, script, speed=1000)


def test_limits_can_be_turned_off(visit: Any, scenario: Scenario) -> None:
    async def script(visitor: Any) -> None:
        answers = await asyncio.gather(*(visitor.ask("/coinbase/time") for _ in range(40)))
        assert {answer.status for answer in answers} == {200}

    visit(scenario, script, limits=False)
