"""Answers as an assistant wants them: digits that say something, and of key levels the nearest."""

from typing import Any

NEAREST = 8
"""Key levels listed unless the client asks for more: as many above the price as below it where there are."""
_DIGITS = {"distance_pct": 3, "distance_atr": 2, "quote_volume": 2, "delta_quote": 2}
_OF_THE_PROFILE = ("rows", "poc_high", "poc_volume")
"""How the profile was made: `get_volume_profile` tells it."""
_SAID_TWICE = {"profile_volume": "volume", "profile_minutes": "complete", "minutes": "complete"}
"""Left out where it is what the other is."""
_OF_A_DAY = ("ib_high", "ib_low")
"""Of a day alone."""


def shorten_key_levels(levels: dict[str, Any], most: int) -> int:
    """Leave the nearest of some forty levels, and of each of seven windows what is nowhere else.

    most: levels that stay. Returns how many were left out.
    """
    found = levels["levels"]
    away = [each["distance_pct"] or 0.0 for each in found]
    numbers = sorted(range(len(found)), key=lambda each: abs(away[each]))
    above = [each for each in numbers if away[each] > 0]
    below = [each for each in numbers if away[each] <= 0]
    rank = {each: place for side in (above, below) for place, each in enumerate(side)}
    nearest = sorted(numbers, key=lambda each: rank[each])[:most]
    levels["levels"] = [_rounded(found[each]) for each in sorted(nearest)]
    levels |= {name: _window(levels[name]) for name in ("day", "previous_day")}
    levels["previous_week"] = _window(levels["previous_week"], *_OF_A_DAY)
    levels["sessions"] = [{"name": each["name"], **_window(each, *_OF_A_DAY)} for each in levels["sessions"]]
    return len(found) - len(nearest)


def _window(window: dict[str, Any], *others: str) -> dict[str, Any]:
    same = {name for name, other in _SAID_TWICE.items() if window[name] == window[other]}
    left_out = same.union(_OF_THE_PROFILE, others, ("name",))
    return _rounded({name: each for name, each in window.items() if name not in left_out})


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: round(row[name], digits) for name, digits in _DIGITS.items() if row.get(name) is not None}
