"""The venues' rate limits, counted in real time whatever the emulated clock does."""

from __future__ import annotations

import math
import re
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from coinmon_emulator.server.reply import Query, Reply

Seconds = Callable[[], float]


def never() -> float:
    return 0.0


class Limits(Protocol):
    def admit(self, endpoint: str, query: Query) -> Reply | None:
        """None when the request may pass, else what the venue answers."""
        ...

    def headers(self, endpoint: str) -> dict[str, str]:
        """What the venue says about its limits on every answer."""
        ...


class WeightWindow:
    """At most `most` units in each fixed window of `seconds`."""

    def __init__(self, most: int, seconds: float, now: Seconds) -> None:
        self.most, self.seconds, self._now = most, seconds, now
        self._begun = now()
        self.used = 0

    def spend(self, units: int) -> bool:
        self.roll()
        self.used += units
        return self.used <= self.most

    def roll(self) -> None:
        passed = self._now() - self._begun
        if passed >= self.seconds:
            self._begun += passed // self.seconds * self.seconds
            self.used = 0

    def resets_in(self) -> int:
        return max(1, math.ceil(self._begun + self.seconds - self._now()))


class Sliding:
    """At most `most` requests in any `seconds`; a refused one does not count."""

    def __init__(self, most: int, seconds: float, now: Seconds, late: Seconds) -> None:
        self.most, self.seconds, self._now, self._late = most, seconds, now, late
        self._times: deque[float] = deque()

    def spend(self) -> bool:
        now = self._now()
        since = now - self.seconds + self._late()
        while self._times and self._times[0] <= since:
            self._times.popleft()
        if len(self._times) >= self.most:
            return False
        self._times.append(now)
        return True

    def left(self) -> int:
        return self.most - len(self._times)


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


OKX_LIMITS = {
    "/api/v5/public/time": (10, ()),
    "/api/v5/public/instruments": (20, ("instType",)),
    "/api/v5/public/mark-price": (10, ("instId",)),
    "/api/v5/public/funding-rate": (10, ("instId",)),
    "/api/v5/public/funding-rate-history": (10, ("instId",)),
    "/api/v5/public/open-interest": (20, ("instId",)),
    "/api/v5/rubik/stat/contracts/open-interest-history": (10, ("instId",)),
    "/api/v5/market/candles": (40, ()),
    "/api/v5/market/history-candles": (20, ()),
    "/api/v5/market/trades": (100, ()),
    "/api/v5/market/history-trades": (20, ()),
    "/api/v5/market/tickers": (20, ()),
    "/api/v5/market/index-tickers": (20, ()),
    "/api/v5/market/ticker": (20, ()),
    "/api/v5/market/books": (40, ()),
    "/api/v5/market/books-full": (10, ()),
}


class OkxLimits:
    """Requests in two seconds, each endpoint by itself, some for each instrument."""

    def __init__(self, now: Seconds = time.monotonic, late: Seconds = never) -> None:
        self._now = now
        self._late = late
        self._windows: dict[tuple[str, ...], Sliding] = {}

    def admit(self, endpoint: str, query: Query) -> Reply | None:
        most, by = OKX_LIMITS.get(endpoint, (20, ()))
        key = (endpoint, *(query.get(name, "") for name in by))
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Sliding(most, 2, self._now, self._late)
        return None if window.spend() else Reply({"msg": "Too Many Requests", "code": "50011"}, 429)

    def headers(self, endpoint: str) -> dict[str, str]:
        return {}


class BybitLimits:
    """600 requests in five seconds; beyond that the address is shut out for ten minutes."""

    BAN_SECONDS = 600

    def __init__(self, now: Seconds = time.monotonic, late: Seconds = never) -> None:
        self._now = now
        self._window = Sliding(600, 5, now, late)
        self._banned_until = 0.0

    def admit(self, endpoint: str, query: Query) -> Reply | None:
        if self._now() >= self._banned_until and self._window.spend():
            return None
        if self._now() >= self._banned_until:
            self._banned_until = self._now() + self.BAN_SECONDS
        return Reply(b"access too frequent", 403, content_type="text/plain")

    def headers(self, endpoint: str) -> dict[str, str]:
        return {
            "X-Bapi-Limit": str(self._window.most),
            "X-Bapi-Limit-Status": str(self._window.left()),
            "X-Bapi-Limit-Reset-Timestamp": str(int(time.time() * 1000 + self._window.seconds * 1000)),
        }


class CoinbaseLimits:
    """A bucket of 15 requests that refills at ten a second."""

    def __init__(self, now: Seconds = time.monotonic) -> None:
        self._now = now
        self._tokens = 15.0
        self._filled = now()

    def admit(self, endpoint: str, query: Query) -> Reply | None:
        now = self._now()
        self._tokens = min(15.0, self._tokens + (now - self._filled) * 10)
        self._filled = now
        if self._tokens >= 1:
            self._tokens -= 1
            return None
        return Reply({"message": "Public rate limit exceeded"}, 429)

    def headers(self, endpoint: str) -> dict[str, str]:
        return {}


def of_all_venues(late: Seconds = never) -> dict[str, Limits]:
    """Each venue's limits; `late` is how far this process itself is behind."""
    return {
        "binance": BinanceLimits(),
        "okx": OkxLimits(late=late),
        "bybit": BybitLimits(late=late),
        "coinbase": CoinbaseLimits(),
    }
