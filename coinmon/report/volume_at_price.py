"""What traded at each price of each candle, as the pages' modules group it by what is in sight."""

import numpy as np

from coinmon.market.view import View
from coinmon.model.bars import Bars, Coverage
from coinmon.model.levels import by_price
from coinmon.model.moment import MINUTE
from coinmon.report.marks import Drawing

LEVELS_MINUTES = 1440
"""How far back prices are told apart: as far as the indicators read them anyway."""
_ROWS_A_CANDLE = 14
"""Rows of the middle candle, about: footprints of few rows say little, those of many cannot be read."""
_MOST_ROWS = 24_000
"""Rows of all candles at most: a page of 1 MB has to hold them."""


def volume_at_price(view: View, bars: Bars) -> Drawing | None:
    """Candle k owns places start[k]:start[k + 1] of row, buy and sell; row r begins at the price r * height.

    minutes: of how many minutes of each candle every trade was seen; only those count. None: of none.
    """
    if not len(bars):
        return None
    since = max(int(bars.time[0]), view.end - LEVELS_MINUTES * MINUTE)
    minutes = view.between(since, view.end, levels=True)
    minutes = minutes[minutes.coverage == Coverage.TRADES]
    levels = minutes.levels
    if levels is None or not len(levels.ticks):
        return None
    candle = np.searchsorted(bars.time, minutes.time, side="right") - 1
    height = _height(bars)
    while True:
        grouped = by_price(candle[levels.bar], len(bars), levels.ticks // height, levels.buy, levels.sell)
        if len(grouped.ticks) <= _MOST_ROWS:
            break
        height = _coarser(height)
    step = int(bars.time[1] - bars.time[0]) if len(bars) > 1 else MINUTE
    return {
        "t": (bars.time // 1000).tolist(), "step": step // 1000, "height": float(view.instrument.tick_size * height),
        "start": grouped.start.tolist(), "row": grouped.ticks.tolist(),
        "buy": _short(grouped.buy), "sell": _short(grouped.sell),
        "minutes": np.bincount(candle, minlength=len(bars)).tolist(), "unit": view.instrument.base,
    }  # fmt: skip


def _height(bars: Bars) -> int:
    """Ticks to a row: 1, 2, 5, 10, .."""
    traded = bars[bars.close > 0]
    reach = float(np.median(traded.high - traded.low)) if len(traded) else 0.0
    height = 1
    while height * _ROWS_A_CANDLE < reach:
        height = _coarser(height)
    return height


def _coarser(height: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50, .."""
    return height * 5 // 2 if str(height)[0] == "2" else height * 2


def _short(values: np.ndarray) -> list[float]:
    """Six significant digits: what a page says, in half the bytes."""
    return [float(f"{each:.6g}") for each in values.tolist()]
