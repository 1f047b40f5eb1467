"""Whether the trades of a minute add up to what the venue itself says of that minute."""

import numpy as np
import numpy.typing as npt

from coinmon.model.bars import Bars, Coverage
from coinmon.model.moment import MINUTE
from coinmon.model.trades import Floats, Ints, Trades

ROUNDING = 1e-6
"""Relative difference up to which a volume without the taker split is the sum of the trades, but for rounding."""


def near(ours: Floats, theirs: Floats) -> npt.NDArray[np.bool_]:
    """Which volumes are the same but for rounding; unknown ones (NaN) are not."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(ours - theirs) <= ROUNDING * np.maximum(theirs, ours))


def disagreeing(trades: Trades, klines: Bars | None, start: int, end: int) -> Ints:
    """The minutes of [start, end) of which the venue's own volume is known and is not that of the trades, ms UTC."""
    if klines is None or not len(klines) or end <= start:
        return np.empty(0, np.int64)
    told = klines.dense(start, end)
    within = (trades.time >= start) & (trades.time < end)
    minute = (trades.time[within] - start) // MINUTE
    seen = np.bincount(minute, trades.qty[within], len(told)).astype(np.float64)
    known = (told.coverage > Coverage.MISSING) & ~np.isnan(told.volume)
    differs = known & ~near(seen, told.volume)
    return np.asarray(told.time[differs])
