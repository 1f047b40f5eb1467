"""How Bybit reads its parameters, answers, and refuses: always HTTP 200, the truth is in retCode."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.intervals import CandleInterval
from coinmon_emulator.market.market import Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import LARGEST, Query, Refusal, Reply
from coinmon_emulator.venues.bybit.intervals import INTERVALS

CATEGORIES: dict[str, MarketKind | None] = {"spot": "spot", "linear": "perp", "inverse": None, "option": None}


def told(view: WorldNow, result: dict[str, Any], *, code: int = 0, message: str = "OK") -> Reply:
    return Reply(
        {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": view.server_time},
    )


def refuse(message: str) -> Refusal:
    return Refusal(Reply({"retCode": 10001, "retMsg": message, "result": {}, "retExtInfo": {}}))


def category(query: Query) -> MarketKind | None:
    """The kind asked for; None for the categories that list nothing here."""
    name = query.get("category", "")
    if name not in CATEGORIES:
        raise refuse("params error: Category is invalid" if name else "params error: category is required")
    return CATEGORIES[name]


def instrument(view: WorldNow, query: Query, kind: MarketKind | None = None) -> Listed:
    wanted = kind or category(query)
    if not query.get("symbol"):
        raise refuse("params error: symbol is required")
    found = view.find("bybit", wanted, query["symbol"]) if wanted else None
    if found is None:
        raise refuse("Not supported symbols" if wanted == "spot" else "params error: symbol invalid")
    return found


def integer(query: Query, name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    if not text.isdigit():
        raise refuse(f"params error: {name} is invalid")
    return min(int(text), LARGEST)


def limit(query: Query, default: int, most: int) -> int:
    return min(integer(query, "limit") or default, most)


def interval(query: Query) -> CandleInterval:
    name = query.get("interval", "")
    if name not in INTERVALS:
        raise refuse("Invalid period!")
    return INTERVALS[name]


def next_cursor(position: int) -> str:
    return f"first%3D{position}"


def cursor_after(query: Query) -> int:
    """The position a cursor of ours names; a client may send it decoded once or twice."""
    text = query.get("cursor", "").replace("%3D", "=")
    if not text:
        return 0
    name, _, position = text.partition("=")
    if name != "first" or not position.isdigit():
        raise refuse("params error: cursor is invalid")
    return int(position)
