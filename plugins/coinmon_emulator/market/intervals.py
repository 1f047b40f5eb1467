"""Candle intervals: where each begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coinmon_emulator.market.market import DAY, HOUR, MINUTE, Column

_FAR = 1 << 50
"""ms from 1970 beyond which no market is."""


@dataclass(frozen=True, slots=True)
class Interval:
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
BINANCE = {
    "1s": Interval(1000),
    "1m": Interval(MINUTE),
    "3m": Interval(3 * MINUTE),
    "5m": Interval(5 * MINUTE),
    "15m": Interval(15 * MINUTE),
    "30m": Interval(30 * MINUTE),
    "1h": Interval(HOUR),
    "2h": Interval(2 * HOUR),
    "4h": Interval(4 * HOUR),
    "6h": Interval(6 * HOUR),
    "8h": Interval(8 * HOUR),
    "12h": Interval(12 * HOUR),
    "1d": Interval(DAY),
    "3d": Interval(3 * DAY),
    "1w": Interval(7 * DAY, MONDAY),
    "1M": Interval(0),
}
# Without the utc suffix, OKX's bars of six hours and more open at UTC+8.
OKX = {
    "1s": Interval(1000),
    "1m": Interval(MINUTE),
    "3m": Interval(3 * MINUTE),
    "5m": Interval(5 * MINUTE),
    "15m": Interval(15 * MINUTE),
    "30m": Interval(30 * MINUTE),
    "1H": Interval(HOUR),
    "2H": Interval(2 * HOUR),
    "4H": Interval(4 * HOUR),
    "6H": Interval(6 * HOUR, -8 * HOUR),
    "12H": Interval(12 * HOUR, -8 * HOUR),
    "1D": Interval(DAY, -8 * HOUR),
    "1W": Interval(7 * DAY, MONDAY - 8 * HOUR),
    "6Hutc": Interval(6 * HOUR),
    "12Hutc": Interval(12 * HOUR),
    "1Dutc": Interval(DAY),
    "1Wutc": Interval(7 * DAY, MONDAY),
    "1Mutc": Interval(0),
}
BYBIT = {
    **{str(n): Interval(n * MINUTE) for n in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": Interval(DAY),
    "W": Interval(7 * DAY, MONDAY),
    "M": Interval(0),
}
COINBASE = {str(seconds): Interval(seconds * 1000) for seconds in (60, 300, 900, 3600, 21_600, 86_400)}
