"""What key levels are called, and the range that distances are measured in."""

from collections.abc import Sequence

import numpy as np

from coinmon.indicator import MINUTE, Bars

WHOLE = ("d", "pd", "pw")
"""What levels of the day, the day before and the week before begin with; others are named by their session."""
_OF_WEEK = ("open", "high", "low", "close", "vwap", "poc", "vah", "val")
_OF_DAY = (*_OF_WEEK, "ib_high", "ib_low")
_OF_SESSION = ("high", "low", "poc")
_HOUR_MS, ATR_HOURS = 60 * MINUTE, 14


def levels_of(prefix: str) -> Sequence[tuple[str, str]]:
    """The names of a stretch's levels, and the fields that they are of: `pd high` and high."""
    whole = prefix in WHOLE
    found = []
    for what in _OF_SESSION if not whole else _OF_WEEK if prefix == "pw" else _OF_DAY:
        label = what.upper() if what in ("poc", "vah", "val", "vwap") else what.replace("_", " ").replace("ib", "IB")
        found.append((f"{prefix}{label}" if whole and label.isupper() else f"{prefix} {label}", what))
    return found


def atr_of(minutes: Bars) -> float | None:
    """Mean true range of the last 14 of 15 whole hours, quote currency; each needs a price, the one before too."""
    hours = minutes.resample(_HOUR_MS)
    if len(hours) <= ATR_HOURS or not np.all(hours.close > 0):
        return None
    before = hours.close[:-1]
    reach = np.maximum(hours.high[1:], before) - np.minimum(hours.low[1:], before)
    return float(reach.mean() * float(minutes.tick_size))
