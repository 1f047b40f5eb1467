"""`whale_trades` at every moment of a frame at once."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from coinmon.indicator import MINUTE, Coverage, Lane, rolling


def columns(lane: Lane, *, window: int, threshold: float) -> Mapping[str, npt.NDArray[np.float64]]:
    """The totals of `whale_trades` over the window that ends at each moment; NaN where they are not known."""
    rows = lane.bars(window)
    large = [each for each in lane.whale_trades(window) if each.quote >= threshold]
    time = np.array([each.time for each in large], np.int64)
    moments = lane.start + MINUTE * np.arange(lane.count, dtype=np.int64)
    first = np.searchsorted(time, moments - window * MINUTE, "left")
    last = np.searchsorted(time, moments, "right")
    known = (last > first) | (rolling(rows.coverage == Coverage.TRADES, window) > 0)
    found = {"coverage": rolling(rows.has_flow, window) / window}
    for count, volume, side in (("buys", "buy_volume", 1), ("sells", "sell_volume", -1)):
        of_side = np.array([each.side == side for each in large], bool)
        quote = np.array([each.quote for each in large], np.float64)
        number = _sum(of_side.astype(np.float64), first, last)
        total = np.where(number > 0, _sum(np.where(of_side, quote, 0.0), first, last), 0.0)
        found[count], found[volume] = np.where(known, number, np.nan), np.where(known, total, np.nan)
    return found


def _sum(
    column: npt.NDArray[np.float64], first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    whole = np.concatenate([[0.0], np.cumsum(column)])
    return np.asarray(whole[last] - whole[first])
