"""How recorded candles of Coinbase Exchange are asked for and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coinmon_emulator.market.clock import parse_time
from coinmon_emulator.playback.minutes import MinuteRow, MinuteSpan

SILENT_MINUTES = True
_MOST_ROWS = 301
"""A span of 300 minutes, its last one included."""


def asked(path: str, query: Mapping[str, str], now: int) -> MinuteSpan | None:
    if not path.endswith("/candles") or query.get("granularity", "60") != "60":
        return None
    begin = parse_time(query["start"]) if "start" in query else None
    end = parse_time(query["end"]) + 1 if "end" in query else now
    return MinuteSpan(begin, end, _MOST_ROWS, ())


def rows(body: Any) -> list[MinuteRow]:
    return list(body)


def begins(row: MinuteRow) -> int:
    return int(row[0]) * 1000


def body(like: Any, rows: list[MinuteRow]) -> Any:
    return rows[::-1]
