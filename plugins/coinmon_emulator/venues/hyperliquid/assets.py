"""Hyperliquid's coins: what the list says of each, its figures, its book."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.decimals import fixed, plain
from coinmon_emulator.market.market import Listed, RestingOrders
from coinmon_emulator.market.view import WorldNow


def price(one: Listed, value: int) -> str:
    """`96400.0`, `3320.1`: one decimal at least."""
    return _with_decimal(plain(value, one.price_digits))


def size(one: Listed, value: int) -> str:
    return _with_decimal(plain(value, one.size_digits))


def _with_decimal(text: str) -> str:
    return text if "." in text else f"{text}.0"


def asset(one: Listed, now: int) -> dict[str, Any]:
    row = {"szDecimals": one.size_digits, "name": one.native, "maxLeverage": 40, "marginTableId": 56}
    return one.said(row, now)


def context(view: WorldNow, one: Listed) -> dict[str, Any]:
    """Mark, oracle, open interest in base, the rate of the running hour, the day; empty where a market has ended."""
    mark, held, day = view.mark(one), view.open_interest(one), view.day(one)
    if mark is None or held is None:
        last = price(one, day.last) if day is not None else "0.0"
        still = {"funding": "0.0", "openInterest": "0.0", "prevDayPx": last, "dayNtlVlm": "0.0", "premium": None}
        return still | {"oraclePx": last, "markPx": last, "midPx": None, "impactPxs": None, "dayBaseVlm": "0.0"}
    found, now = view.book(one, 1), f"{mark.mark:.{max(1, one.price_digits)}f}"
    best = [price(one, side[0][0]) for side in (found.bids, found.asks) if side] if found is not None else []
    digits = max(1, one.size_digits)
    return {
        "funding": f"{mark.rate:.10f}",
        "openInterest": f"{held:.{digits}f}",
        "prevDayPx": price(one, day.open) if day is not None else now,
        "dayNtlVlm": fixed(day.quote, one.quote_digits, 6) if day is not None else "0.0",
        "premium": f"{(mark.mark - mark.index) / mark.index:.8f}",
        "oraclePx": f"{mark.index:.{max(1, one.price_digits)}f}",
        "markPx": now,
        "midPx": mid(view, one),
        "impactPxs": best if len(best) == 2 else None,
        "dayBaseVlm": size(one, day.volume) if day is not None else "0.0",
    }


def mid(view: WorldNow, one: Listed) -> str | None:
    """Half way between the best prices; None where a side is empty."""
    found = view.book(one, 1)
    if found is None or not found.bids or not found.asks:
        return None
    twice = found.bids[0][0] + found.asks[0][0]
    return _with_decimal(plain(twice * 5, one.price_digits + 1))


def levels(one: Listed, book: RestingOrders) -> dict[str, Any]:
    """A book as it is told: all of its levels, each with how many orders it has."""
    sides = [
        [{"px": price(one, at), "sz": size(one, held), "n": 1 + held % 7} for at, held in side]
        for side in (book.bids, book.asks)
    ]
    return {"coin": one.native, "time": book.time, "levels": sides}
