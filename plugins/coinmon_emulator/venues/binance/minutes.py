"""How recorded klines of Binance are asked for and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coinmon_emulator.playback.minutes import MinuteRow, MinuteSpan

SILENT_MINUTES = False


def asked(path: str, query: Mapping[str, str], now: int) -> MinuteSpan | None:
    if not path.endswith("/klines") or query.get("interval") != "1m":
        return None
    begin = int(query["startTime"]) if "startTime" in query else None
    end = int(query["endTime"]) + 1 if "endTime" in query else now
    return MinuteSpan(begin, end, int(query.get("limit", 500)), (("symbol", query.get("symbol", "")),))


def rows(body: Any) -> list[MinuteRow]:
    return list(body)


def begins(row: MinuteRow) -> int:
    return int(row[0])


def body(like: Any, rows: list[MinuteRow]) -> Any:
    return rows
