"""A signal that was told and is over, or that the price has refuted: told once, as an event of its own."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from coinmon.model.moment import MINUTE, iso, parse_time
from coinmon.model.signal import Direction, Signal, Text
from coinmon.store.deliveries import CLOCK_STEP_MS
from coinmon.store.outbox import ENDED, ToldRow, told_events

_LOOKED_BACK_MS = 48 * 60 * MINUTE
"""Signals that ended before that are not told of any more: coinmon was not there."""

_DEFAULT_COOLDOWN_MINUTES = 30.0
"""Minutes, of signals that were stored when their events did not tell it."""


def endings(connection: Connection, prices: Mapping[str, float | None], now: int) -> list[Signal]:
    """What is to be told of signals that are over. prices: the last ones, by pair.

    `ended`: its condition has not held for its cooldown (until then it may go on). `failed`: the price is through the
    level that the alert named: below the support of a bullish one, above the resistance of a bearish one.
    """
    found = []
    for told in told_events(connection, now - _LOOKED_BACK_MS):
        price = prices.get(told.pair)
        broken = None if price is None else _broken(told.event, price)
        cooldown = float(told.event.get("cooldown_minutes", _DEFAULT_COOLDOWN_MINUTES)) * MINUTE
        # one that ended in the future did so before the clock was set back, and does not go on
        if broken is not None or (told.ended is not None and not -CLOCK_STEP_MS <= now - told.ended <= cooldown):
            found.append(ending(told, price, broken, now))
    return found


def _broken(event: Mapping[str, Any], price: float) -> Mapping[str, Any] | None:
    """The level through which the price has gone against the signal."""
    stood = event.get("situation") or {}
    name, sign = {"bullish": ("support", -1), "bearish": ("resistance", 1)}.get(str(event.get("direction")), ("", 0))
    level: Mapping[str, Any] | None = stood.get(name)
    return level if level is not None and sign * (price - level["price"]) > 0 else None


def ending(told: ToldRow, price: float | None, broken: Mapping[str, Any] | None, now: int) -> Signal:
    """What is told when it is over, or when the price has broken a level."""
    event = told.event
    then = (event.get("situation") or {}).get("price")
    began, over = parse_time(str(event["time"])), now if broken is not None or told.ended is None else told.ended
    direction: Direction = event["direction"]
    return Signal(
        name=ENDED,
        pair=told.pair,
        grade=None,
        direction=direction,
        title=Text(event["title"]["zh"], event["title"]["en"]),
        reading=Text("", ""),
        key=told.id,
        once=True,
        evidence={
            "outcome": "failed" if broken is not None else "ended",
            "of": told.id,
            "signal": event["signal"],
            "grade": event["grade"],
            "direction": direction,
            "verdict": (event.get("record") or {}).get("verdict"),
            "title": event["title"],
            "told": event["time"],
            "ended": iso(over),
            "minutes": round((over - began) / MINUTE),
            "price_then": then,
            "price": price,
            "change_pct": round(100 * (price / then - 1), 4) if price and then else None,
            "level": None if broken is None else dict(broken),
        },
    )
