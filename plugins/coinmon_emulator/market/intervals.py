"""Candle intervals: where each begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coinmon_emulator.market.market import DAY, HOUR, MINUTE, Column

_FAR = 1 << 50
"""ms from 1970 beyond which no market is."""


@dataclass(frozen=True, slots=True)
class CandleInterval:
    """A width in ms counted from an anchor; width 0 is the calendar month."""

    width: int
    anchor: int = 0

    def floors(self, times: Column) -> Column:
        if self.width:
            return (times - self.anchor) // self.width * self.width + self.anchor
        months = times.astype("datetime64[ms]").astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype(np.int64)

    def floor(self, ms: int) -> int:
        """Of any size: people ask for anything."""
        if self.width:
            return (ms - self.anchor) // self.width * self.width + self.anchor
        return int(self.floors(np.array([max(-_FAR, min(ms, _FAR))], np.int64))[0])

    def after(self, start: int, count: int = 1) -> int:
        """The start of the bar `count` bars after the one that starts at `start` (or before, when negative)."""
        if self.width:
            return start + count * self.width
        month = np.array([start], np.int64).astype("datetime64[ms]").astype("datetime64[M]") + count
        return int(month.astype("datetime64[ms]").astype(np.int64)[0])

    def starts(self, low: int, high: int) -> Column:
        """Starts of the bars from `low` (itself a start) up to but without `high`."""
        if self.width:
            return np.arange(low, high, self.width, dtype=np.int64)
        found = []
        while low < high:
            found.append(low)
            low = self.after(low)
        return np.array(found, np.int64)


MONDAY = 4 * DAY
UTC_INTERVALS = {
    "1s": CandleInterval(1000),
    "1m": CandleInterval(MINUTE),
    "3m": CandleInterval(3 * MINUTE),
    "5m": CandleInterval(5 * MINUTE),
    "15m": CandleInterval(15 * MINUTE),
    "30m": CandleInterval(30 * MINUTE),
    "1h": CandleInterval(HOUR),
    "2h": CandleInterval(2 * HOUR),
    "4h": CandleInterval(4 * HOUR),
    "6h": CandleInterval(6 * HOUR),
    "8h": CandleInterval(8 * HOUR),
    "12h": CandleInterval(12 * HOUR),
    "1d": CandleInterval(DAY),
    "3d": CandleInterval(3 * DAY),
    "1w": CandleInterval(7 * DAY, MONDAY),
    "1M": CandleInterval(0),
}
"""By the names that several venues share; all begin in UTC."""
