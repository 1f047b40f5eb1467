"""How recorded klines of Bybit are asked for and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coinmon_emulator.playback.minutes import MinuteRow, MinuteSpan

SILENT_MINUTES = False


def asked(path: str, query: Mapping[str, str], now: int) -> MinuteSpan | None:
    if path != "/v5/market/kline" or query.get("interval") != "1":
        return None
    begin = int(query["start"]) if "start" in query else None
    end = int(query["end"]) + 1 if "end" in query else now
    of = ("category", query.get("category", "")), ("symbol", query.get("symbol", ""))
    return MinuteSpan(begin, end, int(query.get("limit", 200)), of)


def rows(body: Any) -> list[MinuteRow]:
    return list(body["result"]["list"])


def begins(row: MinuteRow) -> int:
    return int(row[0])


def body(like: Any, rows: list[MinuteRow]) -> Any:
    return like | {"result": like["result"] | {"list": rows[::-1]}}
