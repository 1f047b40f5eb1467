"""How Binance reads its parameters, and the errors it answers when it cannot."""

from __future__ import annotations

import re

import orjson

from coinmon_emulator.market.intervals import UTC_INTERVALS, CandleInterval
from coinmon_emulator.market.market import Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import LARGEST, Query, Refusal, Reply


def refuse(code: int, message: str, status: int = 400) -> Refusal:
    return Refusal(Reply({"code": code, "msg": message}, status))


def nothing_recorded(what: str) -> Refusal:
    """A tape cannot answer what it did not record."""
    return refuse(-1000, f"This market is a tape, and the tape has no {what}.")


def required(query: Query, name: str) -> str:
    if not query.get(name):
        raise refuse(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return query[name]


def integer(query: Query, name: str) -> int | None:
    text = query.get(name)
    if text is None or text == "":
        return None
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise refuse(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    return min(int(text), LARGEST)


def limit(query: Query, kind: MarketKind, default: int, most: int) -> int:
    """Spot cuts a limit that is too large, USD-M refuses it."""
    value = integer(query, "limit")
    if value is None:
        return default
    if value == 0 or (kind == "perp" and value > most):
        raise refuse(-1130, "Data sent for parameter 'limit' is not valid.")
    return min(value, most)


def interval(query: Query) -> tuple[str, CandleInterval]:
    name = required(query, "interval")
    if name not in UTC_INTERVALS:
        raise refuse(-1120, "Invalid interval.")
    return name, UTC_INTERVALS[name]


def instrument(view: WorldNow, kind: MarketKind, query: Query) -> Listed:
    return named(view, kind, required(query, "symbol"))


def named(view: WorldNow, kind: MarketKind, symbol: str) -> Listed:
    if not re.fullmatch(r"[\w\-.]{1,20}", symbol):
        raise refuse(-1100, "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.")
    found = view.find("binance", kind, symbol)
    if found is None:
        raise refuse(-1121, "Invalid symbol.")
    return found


def several(view: WorldNow, kind: MarketKind, query: Query) -> list[Listed] | None:
    """The instruments of `symbols=["A","B"]`; None when it was not sent."""
    text = query.get("symbols")
    if not text:
        return None
    try:
        names = orjson.loads(text)
    except orjson.JSONDecodeError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise refuse(-1100, "Illegal characters found in parameter 'symbols'.")
    return [named(view, kind, name) for name in names]
