"""OKX's requests in two seconds, by endpoint."""

from __future__ import annotations

import time

from coinmon_emulator.server.limits import Seconds, Sliding, never
from coinmon_emulator.server.reply import Query, Reply

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


def limits(late: Seconds = never) -> OkxLimits:
    """What a new server counts by; `late` is how far this process itself is behind, in seconds."""
    return OkxLimits(late=late)
