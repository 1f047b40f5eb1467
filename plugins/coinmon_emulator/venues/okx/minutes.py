"""How recorded candles of OKX are asked for and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coinmon_emulator.playback.minutes import MinuteRow, MinuteSpan

SILENT_MINUTES = False
_PATHS = ("/api/v5/market/candles", "/api/v5/market/history-candles")


def asked(path: str, query: Mapping[str, str], now: int) -> MinuteSpan | None:
    if path not in _PATHS or query.get("bar", "1m") != "1m":
        return None
    begin = int(query["before"]) + 1 if "before" in query else None
    end = int(query["after"]) if "after" in query else now
    return MinuteSpan(begin, end, int(query.get("limit", 100)), (("instId", query.get("instId", "")),))


def rows(body: Any) -> list[MinuteRow]:
    return list(body["data"])


def begins(row: MinuteRow) -> int:
    return int(row[0])


def body(like: Any, rows: list[MinuteRow]) -> Any:
    return like | {"data": rows[::-1]}
