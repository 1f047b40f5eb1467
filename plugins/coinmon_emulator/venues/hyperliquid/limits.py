"""Hyperliquid's weight of requests: 1200 a minute, more for long answers."""

from __future__ import annotations

import time

from coinmon_emulator.market.intervals import UTC_INTERVALS
from coinmon_emulator.market.market import HOUR
from coinmon_emulator.server.limits import Seconds, WeightWindow, never
from coinmon_emulator.server.reply import LARGEST, Query, Reply
from coinmon_emulator.venues.hyperliquid.rest import MOST_CANDLES, MOST_SETTLEMENTS

WEIGHT_A_MINUTE = 1200
LIGHT = ("l2Book", "allMids", "exchangeStatus")
CANDLES_A_WEIGHT, ROWS_A_WEIGHT = 60, 20
"""Rows of an answer that weigh one more."""


class HyperliquidLimits:
    """1200 a minute; who is beyond them gets a 429 and `null` until the minute is over."""

    def __init__(self, now: Seconds = time.monotonic) -> None:
        self._window = WeightWindow(WEIGHT_A_MINUTE, 60.0, now)

    def admit(self, endpoint: str, query: Query) -> Reply | None:
        return None if self._window.spend(weight(query)) else Reply(None, 429)

    def headers(self, endpoint: str) -> dict[str, str]:
        return {}


def weight(query: Query) -> int:
    """What a request costs, the rows that it may be answered with included."""
    kind = query.get("type", "")
    if kind in LIGHT:
        return 2
    if kind == "candleSnapshot":
        interval = UTC_INTERVALS.get(query.get("req.interval", ""))
        width = interval.width if interval is not None and interval.width else 30 * 24 * HOUR
        return 20 + _rows(query, "req.", width, MOST_CANDLES) // CANDLES_A_WEIGHT
    if kind == "fundingHistory":
        return 20 + _rows(query, "", HOUR, MOST_SETTLEMENTS) // ROWS_A_WEIGHT
    return 20


def _rows(query: Query, place: str, width: int, most: int) -> int:
    first, last = (query.get(place + name, "") for name in ("startTime", "endTime"))
    if not first.isdigit():
        return 0
    end = int(last) if last.isdigit() else LARGEST
    return max(0, min(most, (end - int(first)) // width + 1))


def limits(late: Seconds = never) -> HyperliquidLimits:
    """What a new server counts by; `late` is how far this process itself is behind, in seconds."""
    return HyperliquidLimits()
