"""Bybit's requests in five seconds, and the ten minutes shut out."""

from __future__ import annotations

import time

from coinmon_emulator.server.limits import Seconds, Sliding, never
from coinmon_emulator.server.reply import Query, Reply


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


def limits(late: Seconds = never) -> BybitLimits:
    """What a new server counts by; `late` is how far this process itself is behind, in seconds."""
    return BybitLimits(late=late)
