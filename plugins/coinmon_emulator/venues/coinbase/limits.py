"""Coinbase's bucket of requests."""

from __future__ import annotations

import time

from coinmon_emulator.server.limits import Seconds, never
from coinmon_emulator.server.reply import Query, Reply


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


def limits(late: Seconds = never) -> CoinbaseLimits:
    """What a new server counts by; `late` is how far this process itself is behind, in seconds."""
    return CoinbaseLimits()
