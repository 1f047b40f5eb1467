"""How recorded candles of Hyperliquid are asked for and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coinmon_emulator.playback.minutes import MinuteRow, MinuteSpan
from coinmon_emulator.venues.hyperliquid.rest import MOST_CANDLES

SILENT_MINUTES = False


def asked(path: str, query: Mapping[str, str], now: int) -> MinuteSpan | None:
    if not path.endswith("/info:candleSnapshot") or query.get("req.interval") != "1m":
        return None
    end = query.get("req.endTime", "")
    of = (("coin", query.get("req.coin", "")),)
    return MinuteSpan(int(query["req.startTime"]), int(end) + 1 if end.isdigit() else now, MOST_CANDLES, of)


def rows(body: Any) -> list[MinuteRow]:
    return list(body)


def begins(row: Any) -> int:
    return int(row["t"])


def body(like: Any, rows: list[MinuteRow]) -> Any:
    return rows
