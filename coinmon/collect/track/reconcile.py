"""One bar a minute out of what trades and klines say of it."""

import numpy as np
import numpy.typing as npt

from coinmon.collect.track.totals import near
from coinmon.model.bars import COLUMNS, Bars, Coverage
from coinmon.model.levels import Levels
from coinmon.model.trades import Floats

SAME_VOLUME = 1e-9
"""Relative difference up to which the venue's volume and the sum of its trades are the same number."""


def same_volume(ours: Floats, theirs: Floats) -> npt.NDArray[np.bool_]:
    """Whether two volumes are the same number; unknown ones (NaN) are not."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(ours - theirs) <= SAME_VOLUME * theirs)


def reconcile(trades: Bars, klines: Bars) -> Bars:
    """The better account of each minute; both are dense over the same minutes.

    - Trades proven complete stand, unless a kline that has the taker split disagrees: then the venue's totals stand
      (aggregates that reach over the end of a minute have been split, see `split_at_minute`). One that disagrees
      beyond rounding and has no split makes the minute `partial`: ids prove that no trade is missing, not the amounts.
    - Trades not proven, whose volume equals the kline's, are thereby proven.
    - Otherwise the kline stands; one without the split is `partial`, but nothing traded is a known split of zero.
    """
    t_known, k_known = trades.coverage > Coverage.MISSING, klines.coverage > Coverage.MISSING
    same = same_volume(trades.volume, klines.volume)
    proven = (trades.coverage == Coverage.TRADES) | (t_known & k_known & same)
    disagrees = (klines.coverage == Coverage.KLINES) & ~same
    # a kline that knows of no volume at all is no better account than trades
    doubted = k_known & (klines.coverage == Coverage.PARTIAL) & ~near(trades.volume, klines.volume) & t_known
    emptied = doubted & (trades.coverage == Coverage.TRADES) & ~(klines.volume > 0)
    use_kline = k_known & (~proven | disagrees | doubted) & ~emptied
    quiet = use_kline & (klines.volume == 0)

    columns = {name: np.where(use_kline, getattr(klines, name), getattr(trades, name)) for name in COLUMNS}
    coverage = np.where(use_kline, klines.coverage, np.where(proven, Coverage.TRADES, trades.coverage))
    coverage = np.where(emptied, Coverage.PARTIAL, coverage)
    # rows of a trade stream may be aggregates of several fills: the venue's own count is the one people know
    columns["trades"] = np.where(klines.trades >= 0, klines.trades, columns["trades"])
    columns["coverage"] = np.where(quiet, Coverage.KLINES, coverage).astype(np.uint8)
    for name in ("quote_volume", "buy", "buy_quote", "delta_min", "delta_max"):
        columns[name] = np.where(quiet, 0.0, columns[name])
    levels = trades.levels or Levels.empty(len(trades))
    kept = np.flatnonzero(~use_kline)
    return Bars(trades.tick_size, **columns, levels=levels.take(kept).spread(kept, len(trades)))
