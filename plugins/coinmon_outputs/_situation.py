"""Where a pair stood when a signal was told, in words."""

from collections.abc import Mapping
from typing import Any

from coinmon_outputs._lines import level_name, percent, price


def situation_of(event: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Where the pair stands, each figure worded; "" for what is not known."""
    stood = event.get("situation") or {}
    zh, minutes, at = lang == "zh", stood.get("minutes"), stood.get("price")
    change = stood.get("change_pct")
    over = (
        "" if change is None else f"{minutes} 分钟 {percent(change)}" if zh else f"{percent(change)} in {minutes} min"
    )
    return {
        "price": "" if at is None else f"{price(at)} ({over})" if over else price(at),
        "open_interest": _each(stood.get("open_interest") or {}, 1.0, 2),
        "funding": _each(stood.get("funding") or {}, 100.0, 4),
        "support": _level(stood.get("support"), lang),
        "stop": _named(stood.get("support"), lang),
        "resistance": _level(stood.get("resistance"), lang),
    }


def _each(by_venue: Mapping[str, float], times: float, digits: int) -> str:
    return " · ".join(f"{venue.upper()} {percent(times * value, digits)}" for venue, value in by_venue.items())


def _level(level: Mapping[str, Any] | None, lang: str) -> str:
    if level is None:
        return ""
    return f"{_named(level, lang)} ({percent(level['distance_pct'])})"


def _named(level: Mapping[str, Any] | None, lang: str) -> str:
    return "" if level is None else f"{level_name(level, lang)} {price(level['price'])}"
