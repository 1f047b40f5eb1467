"""How far the price went for and against who followed a signal, before the signal's time was over (MFE and MAE)."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from coinmon.model.trades import Floats, Ints

_MAX_BLOCK_ROWS = 256
"""Of one day's minutes each: three megabytes."""


def excursions(prices: Floats, minutes: Ints, sign: int, horizon: int, delay: int = 1) -> tuple[Floats, Floats]:
    """The furthest return in the signal's direction (MFE, never below 0) and against it (MAE, never above), percent.

    prices: at each minute's end, NaN where unknown. minutes: the signals' places among them; entry, `delay` minutes
    later, and the price `horizon` minutes after it must be there. sign: -1 down; 1 and 0 up.
    """
    most, least = np.empty(len(minutes)), np.empty(len(minutes))
    if not len(minutes):
        return most, least
    paths = sliding_window_view(prices, horizon + 1)
    for first in range(0, len(minutes), _MAX_BLOCK_ROWS):
        rows = slice(first, first + _MAX_BLOCK_ROWS)
        path = paths[minutes[rows] + delay]
        moves = (-100.0 if sign < 0 else 100.0) * np.log(path / path[:, :1])
        most[rows], least[rows] = np.nanmax(moves, axis=1), np.nanmin(moves, axis=1)
    return most, least
