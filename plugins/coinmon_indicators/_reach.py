"""When price first got somewhere."""

import numpy as np

from coinmon.indicator import Bars
from coinmon_indicators._profile import Profile
from coinmon_indicators._value_area import control


class Reach:
    """Where bars traded. Minutes without trades repeat a price and trade at none; where it is not known whether one
    traded, its price counts."""

    def __init__(self, bars: Bars) -> None:
        traded = (bars.close > 0) & ~(bars.volume == 0)
        self._time = bars.time
        self._high = np.where(traded, bars.high, np.iinfo(np.int64).min)
        self._low = np.where(traded, bars.low, np.iinfo(np.int64).max)

    def reached(self, since: int, ticks: int, *, below: bool) -> int | None:
        """Time of the first bar from `since` on, ms UTC, that traded at `ticks` or beyond; below: at or under it."""
        first = int(np.searchsorted(self._time, since))
        there = self._low[first:] <= ticks if below else self._high[first:] >= ticks
        at = int(there.argmax()) if len(there) else 0
        return int(self._time[first + at]) if len(there) and there[at] else None


def naked(profile: Profile, later: Bars) -> bool:
    """Whether no later minute's range touched the row of the profile's POC."""
    row = profile.first + control(profile.exact)
    low, high = row * profile.bin_ticks, (row + 1) * profile.bin_ticks
    # a minute without trades shows the price before it, which is no trade
    return not np.any(~(later.volume == 0) & (later.low > 0) & (later.low < high) & (later.high >= low))
