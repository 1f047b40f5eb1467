"""Swings of many candles at once: of which candles a signal over a window of them may tell something.

A window's swings are among those of all candles, for each is made out by its neighbours alone; the signal itself says
which of them the window holds.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from coinmon_signals._columns import Mask

Ints = npt.NDArray[np.int64]


class CandlePrices(Protocol):
    """Columns of candles, in ticks; no price known: 0."""

    @property
    def high(self) -> Ints: ...
    @property
    def low(self) -> Ints: ...
    @property
    def close(self) -> Ints: ...
    def __len__(self) -> int: ...


def swings(bars: CandlePrices, pivots: int, high: bool) -> Ints:
    """Numbers of the candles that stand out from so many on either side; of equal ones the first."""
    span = 2 * pivots + 1
    if len(bars) < span:
        return np.empty(0, np.int64)
    unknown = np.iinfo(np.int64).max
    extreme = np.where(bars.close > 0, bars.high if high else -bars.low, unknown)
    around = np.lib.stride_tricks.sliding_window_view(extreme, span)
    at = around[:, pivots]
    stands = (at > around[:, :pivots].max(axis=1)) & (at >= around[:, pivots + 1 :].max(axis=1)) & (at < unknown)
    return np.asarray(np.flatnonzero(stands) + pivots, np.int64)


def breaks_and_sweeps(bars: CandlePrices, pivots: int) -> tuple[Ints, Ints]:
    """By candle, the swing that it is the first to close beyond, and the one that it only reaches beyond, first.

    The older where there is one on either side; -1: none.
    """
    broken, swept = (np.full(len(bars), len(bars)) for _ in range(2))
    for high in (True, False):
        at = swings(bars, pivots, high)
        if not len(at):
            continue
        sign = 1 if high else -1
        extreme, close = (bars.high, bars.close) if high else (-bars.low, -bars.close)
        current = np.searchsorted(at + pivots, np.arange(len(bars)), side="left") - 1
        level = sign * (bars.high if high else bars.low)[at][current]
        live = (current >= 0) & (bars.close > 0)
        breaks = np.flatnonzero(_first(live & (close > level), current))
        ends = np.full(len(at), len(bars))
        ends[current[breaks]] = breaks
        back = live & (extreme > level) & (close <= level) & (np.arange(len(bars)) < ends[current])
        sweeps = np.flatnonzero(_first(back, current))
        for found, rows in ((broken, breaks), (swept, sweeps)):
            found[rows] = np.minimum(found[rows], at[current[rows]])
    return np.where(broken < len(bars), broken, -1), np.where(swept < len(bars), swept, -1)


def _first(flags: Mask, of: Ints) -> Mask:
    """The first flagged candle of each swing."""
    rows = np.flatnonzero(flags)
    found = np.zeros(len(flags), bool)
    found[rows[np.flatnonzero(np.diff(of[rows], prepend=-1))]] = True
    return found
