"""Binance's weights a minute, apart for spot and USD-M."""

from __future__ import annotations

import math
import re
import time

from coinmon_emulator.server.limits import Seconds, WeightWindow, never
from coinmon_emulator.server.reply import Query, Reply

SPOT_DEPTH = ((100, 5), (500, 25), (1000, 50))
FUTURES_DEPTH = ((50, 2), (100, 5), (500, 10))
FIXED = {
    "/api/v3/exchangeInfo": 20,
    "/api/v3/klines": 2,
    "/api/v3/aggTrades": 4,
    "/api/v3/trades": 25,
    "/api/v3/historicalTrades": 25,
    "/fapi/v1/aggTrades": 20,
    "/fapi/v1/trades": 5,
    "/fapi/v1/historicalTrades": 200,
    "/fapi/v1/fundingRate": 0,
    "/fapi/v1/fundingInfo": 0,
}
ALL_SYMBOLS = {
    "/api/v3/ticker/24hr": (2, 80),
    "/api/v3/ticker/bookTicker": (2, 4),
    "/api/v3/ticker/price": (2, 4),
    "/fapi/v1/ticker/24hr": (1, 40),
    "/fapi/v1/ticker/bookTicker": (2, 5),
    "/fapi/v1/ticker/price": (1, 2),
    "/fapi/v1/premiumIndex": (1, 10),
}


def binance_weight(endpoint: str, query: Query) -> int:
    """The request weight of a call."""
    if endpoint in ALL_SYMBOLS:
        one, every = ALL_SYMBOLS[endpoint]
        names = query.get("symbols", "").count(",") + 1 if query.get("symbols") else 0
        if names:
            return one if names <= 20 else every // 2 if names <= 100 else every
        return one if query.get("symbol") else every
    limit = int(query["limit"]) if re.fullmatch(r"\d{1,9}", query.get("limit", "")) else None
    if endpoint.endswith("/depth"):
        spot = endpoint.startswith("/api")
        steps, most = (SPOT_DEPTH, 250) if spot else (FUTURES_DEPTH, 20)
        levels = limit or (100 if spot else 500)
        return next((weight for edge, weight in steps if levels <= edge), most)
    if endpoint == "/fapi/v1/klines":
        rows = limit or 500
        return 1 if rows < 100 else 2 if rows < 500 else 5 if rows <= 1000 else 10
    return FIXED.get(endpoint, 1)


class BinanceLimits:
    """Weights a minute, apart for spot and USD-M; whoever goes on after a 429 is banned with a 418."""

    REFUSALS_BEFORE_BAN = 20
    BAN_SECONDS = 120

    def __init__(self, now: Seconds = time.monotonic) -> None:
        self._now = now
        self._weights = {"/api": WeightWindow(6000, 60, now), "/fapi": WeightWindow(2400, 60, now)}
        self._funding = WeightWindow(500, 300, now)
        self._statistics = WeightWindow(1000, 300, now)
        self._ignored = 0
        self._bans = 0
        self._banned_until = 0.0

    def admit(self, endpoint: str, query: Query) -> Reply | None:
        now = self._now()
        if now < self._banned_until:
            return self._refusal(418, math.ceil(self._banned_until - now))
        window, units = self._window(endpoint), 1
        if window in self._weights.values():
            units = binance_weight(endpoint, query)
        if window.spend(units):
            return None
        self._ignored += 1
        if self._ignored > self.REFUSALS_BEFORE_BAN:
            self._ignored = 0
            seconds = self.BAN_SECONDS * 2**self._bans
            self._bans += 1
            self._banned_until = now + seconds
            return self._refusal(418, seconds)
        return self._refusal(429, window.resets_in())

    def _window(self, endpoint: str) -> WeightWindow:
        if endpoint in ("/fapi/v1/fundingRate", "/fapi/v1/fundingInfo"):
            return self._funding
        if endpoint.startswith("/futures/data"):
            return self._statistics
        return self._weights["/fapi" if endpoint.startswith("/fapi") else "/api"]

    def _refusal(self, status: int, seconds: int) -> Reply:
        message = "Too much request weight used; current limit is reached. Please use WebSocket Streams."
        if status == 418:
            message = f"Way too much request weight used; IP banned for {seconds} seconds."
        return Reply({"code": -1003, "msg": message}, status, {"Retry-After": str(seconds)})

    def headers(self, endpoint: str) -> dict[str, str]:
        window = self._weights["/api" if endpoint.startswith("/api") else "/fapi"]
        window.roll()
        return {"X-MBX-USED-WEIGHT-1M": str(window.used)}


def limits(late: Seconds = never) -> BinanceLimits:
    """What a new server counts by; `late` is how far this process itself is behind, in seconds."""
    return BinanceLimits()
