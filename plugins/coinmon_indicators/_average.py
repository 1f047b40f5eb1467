"""The volume-weighted average price of bars, and the deviation around it."""

import math

import numpy as np
import numpy.typing as npt

from coinmon.indicator import Bars, Coverage
from coinmon_indicators._figures import known


def with_volume(bars: Bars) -> npt.NDArray[np.bool_]:
    """Minutes with complete totals: with a complete taker split, or the venue's kline without any."""
    whole = bars.has_flow | ((bars.coverage == Coverage.PARTIAL) & np.isnan(bars.buy))
    return np.asarray(whole & np.isfinite(bars.volume) & np.isfinite(bars.quote_volume))


def average(bars: Bars) -> float | None:
    """Sum of quote / sum of base over the minutes with complete totals; None where nothing traded in them."""
    counted = with_volume(bars)
    base = math.fsum(bars.volume[counted])
    return known(math.fsum(bars.quote_volume[counted]) / base) if base else None


def of_levels(bars: Bars, counted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Of the minutes counted those whose traded prices are at hand in full."""
    if bars.levels is None:
        return np.zeros(len(bars), np.bool_)
    total = np.bincount(bars.levels.bar, bars.levels.buy + bars.levels.sell, len(bars))
    return np.asarray(counted & (bars.coverage == Coverage.TRADES) & np.isclose(total, bars.volume, 1e-9, 0))


def deviation(bars: Bars, counted: npt.NDArray[np.bool_], mean: float, base: float) -> tuple[float | None, str]:
    """Volume-weighted deviation from the average itself, so nothing cancels; and how it was made.

    Minutes without traded prices at hand count with their own average.
    """
    exact, square, levels = of_levels(bars, counted), 0.0, bars.levels
    if levels is not None:
        volume = levels.buy + levels.sell
        used = exact[levels.bar]
        square = float((volume[used] * (bars.price(levels.ticks[used]) - mean) ** 2).sum())
    rest = counted & ~exact & (bars.volume > 0)
    volume = bars.volume[rest]
    square += float((volume * (bars.quote_volume[rest] / volume - mean) ** 2).sum())
    how = "; sigma from traded prices"
    if rest.any():
        how = f"; sigma from one-minute averages in {int(rest.sum())} of {int(counted.sum())} minutes, a floor"
    return known(math.sqrt(square / base)), how
