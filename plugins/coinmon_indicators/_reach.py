"""When price first got somewhere."""

import numpy as np

from coinmon import Bars


def reached(bars: Bars, since: int, ticks: int, *, below: bool) -> int | None:
    """Time of the first bar from `since` on, ms UTC, that traded at `ticks` or beyond; below: at or under it.

    Minutes without trades repeat a price and trade at none; where it is not known whether one traded, its price counts.
    """
    first = int(np.searchsorted(bars.time, since))
    extreme = bars.low[first:] if below else bars.high[first:]
    there = (extreme <= ticks) if below else (extreme >= ticks)
    hit = np.flatnonzero(there & (bars.close[first:] > 0) & ~(bars.volume[first:] == 0))
    return int(bars.time[first + hit[0]]) if len(hit) else None
